import { ask, at } from './front-world.ts';

/** What the shop is for: none of it may be stopped. */
export const ordinary: readonly { readonly name: string; run(client: string, address: string): string; readonly answer: RegExp }[] = [
  { name: 'the front page', run: (client, address) => ask(client, at(address, '/')), answer: /Teapots/ },
  { name: 'a login', run: (client, address) => ask(client, at(address, '/login'), 'user=anna&password=tulip'), answer: /Welcome anna/ },
  { name: 'a login that fails', run: (client, address) => ask(client, at(address, '/login'), 'user=O%27Brien&password=x'), answer: /Wrong name/ },
  { name: 'an item', run: (client, address) => ask(client, at(address, '/item?id=2')), answer: /Kettle: 31\.50/ },
  { name: 'a picture', run: (client, address) => ask(client, at(address, '/upload'), multipart('tea.png', 'image/png', '\x89PNG picture'), `multipart/form-data; boundary=${boundary}`), answer: /Saved as uploads\/tea\.png/ },
  { name: 'the picture again', run: (client, address) => ask(client, at(address, '/uploads/tea.png')), answer: /picture/ },
  { name: 'a greeting', run: (client, address) => ask(client, at(address, '/hello?name=Anna%20M%C3%BCller')), answer: /Hello Anna Müller, 2 \+ 2 is 4/ },
  { name: 'a state', run: (client, address) => ask(client, at(address, '/status?host=db-1.example')), answer: /state of db-1\.example: up/ },
];

/** `harm`: what is seen when the attack works. Each does, where nothing stands in front. */
export const attacks: readonly { readonly name: string; run(client: string, address: string): string; readonly harm: RegExp }[] = [
  { name: 'login without a password', run: (client, address) => ask(client, at(address, '/login'), `user=${encodeURIComponent("admin' OR 1=1 -- ")}&password=x`), harm: /Welcome admin/ },
  { name: 'passwords through an item', run: (client, address) => ask(client, at(address, `/item?id=${encodeURIComponent('0 UNION SELECT name, password FROM users')}`)), harm: /wintergreen-77/ },
  {
    name: 'an uploaded program',
    run(client, address) {
      const upload = ask(client, at(address, '/upload'), multipart('shell.php', 'image/png', '<?php system($_GET["c"]); ?>'), `multipart/form-data; boundary=${boundary}`);
      return `${upload} ${ask(client, at(address, '/uploads/shell.php?c=id'))}`;
    },
    harm: /uid=0/,
  },
  { name: 'code in a template', run: (client, address) => ask(client, at(address, `/hello?name=${encodeURIComponent("{{system('id')}}")}`)), harm: /uid=0/ },
  { name: 'a command in a host name', run: (client, address) => ask(client, at(address, `/status?host=${encodeURIComponent('x; cat /etc/passwd #')}`)), harm: /root:x:0/ },
  { name: 'a command by substitution', run: (client, address) => ask(client, at(address, `/status?host=${encodeURIComponent('$(id)')}`)), harm: /uid=0/ },
  { name: 'a request to the inside', run: (client, address) => ask(client, at(address, `/preview?url=${encodeURIComponent('http://127.0.0.1:9000/')}`)), harm: /inner-secret-4711/ },
  { name: 'a file of the server', run: (client, address) => ask(client, at(address, `/preview?url=${encodeURIComponent('file:///etc/passwd')}`)), harm: /root:x:0/ },
];

const boundary = 'shop-form-7d81';

function multipart(name: string, type: string, text: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="picture"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n${text}\r\n--${boundary}--\r\n`;
}
