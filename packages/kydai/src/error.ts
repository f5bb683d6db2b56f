import { KydaiError } from '@kydai/contracts';

export type ShellErrorCode =
  | 'setting'
  | 'data-folder'
  | 'content'
  | 'listen'
  | 'not-running'
  | 'api'
  | 'usage'
  | 'sign-in'
  | 'forbidden'
  | 'not-found'
  | 'invalid'
  | 'busy';

/** What goes wrong in the shell: configuration, start, sign-in, the command line. */
export class ShellError extends KydaiError<ShellErrorCode> {}
