import net from 'node:net';
import { isIP } from 'node:net';

// Unit tests may talk to loopback and Unix sockets only: anything else is a bug in the test.
const connect = net.Socket.prototype.connect;

function isLocal(args: readonly unknown[]): boolean {
  const flat = args.flat();
  const first = flat[0];
  if (typeof first === 'object' && first !== null) {
    const options = first as { path?: unknown; host?: unknown };
    return options.path !== undefined || isLoopback(options.host);
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return true;
  return isLoopback(flat[1]);
}

function isLoopback(host: unknown): boolean {
  if (host === undefined || host === null || typeof host === 'function') return true;
  if (typeof host !== 'string') return false;
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

net.Socket.prototype.connect = function poisoned(this: net.Socket, ...args: unknown[]): net.Socket {
  if (!isLocal(args)) throw new Error('a unit test tried to reach the network: ' + JSON.stringify(args[0]));
  return Reflect.apply(connect, this, args) as net.Socket;
};
