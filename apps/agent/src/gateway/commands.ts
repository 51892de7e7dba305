import type { AgentCommand } from '@palisade/model/wire';
import { StreamLine } from '@palisade/model/wire';
import type { Credentials } from './call.ts';
import { GatewayError, open } from './call.ts';

/** One line of the stream; larger is not the console speaking. */
const maxLine = 1 << 20;

/** Commands as the console sends them, over one connection; ends or throws when that breaks (then ask again). `heard` gets the revision of the policy that holds. */
export async function* commandStream(url: string, credentials: Credentials, signal: AbortSignal, heard: (revision: string) => void = () => undefined): AsyncGenerator<AgentCommand, void> {
  const answer = await open({ url, method: 'GET', path: '/agent/v1/commands', credentials, signal });
  answer.setEncoding('utf8');
  let rest = '';
  for await (const part of answer as AsyncIterable<string>) {
    rest += part;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line === '') continue;
      const said: unknown = JSON.parse(line);
      const parsed = StreamLine.safeParse(said);
      if (!parsed.success) {
        // A line of a newer console that asks nothing of this agent is no reason to end the stream; a damaged command is.
        if (typeof said === 'object' && said !== null && 'command' in said) throw new GatewayError('a command that cannot be read', 502, parsed.error);
      } else if ('command' in parsed.data) yield parsed.data.command;
      else if (parsed.data.policy !== undefined) heard(parsed.data.policy);
    }
    if (rest.length > maxLine) throw new GatewayError(`a command of more than ${maxLine} characters`, 502);
  }
}
