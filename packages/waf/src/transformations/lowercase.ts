export { lowerAscii as lowercase } from '../bytes.ts';
