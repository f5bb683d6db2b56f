/**
 * The base of every error that a package throws on purpose.
 *
 * Each package derives one class with a closed union of codes. The message is one lower-case line that quotes user
 * input in backticks, says what to do next, and never holds a secret.
 */
export abstract class KydaiError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}
