/** The English of some Vietnamese strings: a missing or a surplus key does not compile. */
export type English<Strings> = Readonly<Record<keyof Strings, string>>;
