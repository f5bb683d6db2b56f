import type * as Koffi from 'koffi';

/** A PKCS#11 function that did not answer CKR_OK. */
export class CryptokiError extends Error {
  readonly returned: number;

  constructor(name: string, returned: number) {
    super(`${name} returned 0x${returned.toString(16)}${names[returned] ?? ''}`);
    this.returned = returned;
  }
}

/** What operators meet most often, named so that they need not look it up. */
const names: Readonly<Record<number, string>> = {
  5: ' (general error)',
  48: ' (device error)',
  49: ' (device memory)',
  50: ' (device removed)',
  104: ' (key function not permitted)',
  112: ' (mechanism invalid)',
  113: ' (mechanism parameter invalid)',
  160: ' (PIN incorrect)',
  162: ' (PIN length)',
  163: ' (PIN expired)',
  164: ' (PIN locked)',
  176: ' (session closed)',
  179: ' (session handle invalid)',
  208: ' (template incomplete)',
  209: ' (template inconsistent)',
  224: ' (token not present)',
  257: ' (user not logged in)',
};

export const Returned = {
  cannotLock: 0x0a,
  functionFailed: 0x06,
  attributeTypeInvalid: 0x12,
  attributeSensitive: 0x11,
  mechanismInvalid: 0x70,
  mechanismParameterInvalid: 0x71,
  pinIncorrect: 0xa0,
  pinLocked: 0xa4,
  alreadyLoggedIn: 0x100,
} as const;

/** Places of the functions in CK_FUNCTION_LIST (PKCS #11 v2.40, pkcs11f.h), and what they take besides pointers. */
const functions = {
  C_Initialize: [0, 'p'],
  C_Finalize: [1, 'p'],
  C_GetSlotList: [4, 'bpp'],
  C_GetTokenInfo: [6, 'up'],
  C_GetMechanismInfo: [8, 'uup'],
  C_OpenSession: [12, 'uuppp'],
  C_Login: [18, 'uupu'],
  C_DestroyObject: [22, 'uu'],
  C_GetAttributeValue: [24, 'uupu'],
  C_FindObjectsInit: [26, 'upu'],
  C_FindObjects: [27, 'upup'],
  C_FindObjectsFinal: [28, 'u'],
  C_SignInit: [42, 'upu'],
  C_Sign: [43, 'upupp'],
  C_GenerateKeyPair: [59, 'uppupupp'],
} as const;
export type FunctionName = keyof typeof functions;

const types = { p: 'void *', u: 'ulong', b: 'uint8' } as const;

/** Numbers are CK_ULONG, buffers are pointers to what they hold, null is no pointer. */
export type Argument = number | Buffer | null;

/** The functions of a loaded module. Each call runs on the thread pool, so that a slow token blocks nothing else. */
export interface Cryptoki {
  call(name: FunctionName, ...args: Argument[]): Promise<void>;
  /** The address of a buffer's first octet, for structures that hold pointers. */
  address(buffer: Buffer): bigint;
}

/**
 * Loads a PKCS#11 module into this process and reads its function list. Structures are laid out by hand for 64-bit
 * little-endian machines other than Windows, which packs them differently.
 */
export async function loadModule(path: string): Promise<Cryptoki> {
  const koffi = await loadKoffi();
  if (koffi.sizeof('ulong') !== 8) throw new Error('tokens need a 64-bit system other than Windows');
  const library = koffi.load(path);
  const list: [bigint | null] = [null];
  const returned = library.func('ulong C_GetFunctionList(_Out_ void **list)')(list) as number;
  if (returned !== 0 || list[0] === null) throw new CryptokiError('C_GetFunctionList', returned);
  // CK_VERSION takes two octets, then come the pointers, aligned.
  const layout = koffi.struct({ version: 'uint16', pointers: koffi.array('void *', 68) });
  const { pointers } = koffi.decode(list[0], layout) as { pointers: bigint[] };
  const callable = new Map<string, AsyncFunction>();
  for (const [name, [place, parameters]] of Object.entries(functions)) {
    const takes = [...parameters].map((letter) => types[letter as keyof typeof types]);
    callable.set(name, koffi.decode(pointers[place]!, koffi.proto('ulong', takes)) as AsyncFunction);
  }
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        callable.get(name)!.async(...args, (error: Error | null, result: number) => {
          // Named here so that the buffers live until the call has ended.
          args.length = 0;
          if (error !== null) reject(error);
          else if (Number(result) !== 0) reject(new CryptokiError(name, Number(result)));
          else resolve();
        });
      }),
    address: (buffer) => koffi.address(buffer),
  };
}

interface AsyncFunction {
  async(...args: unknown[]): void;
}

async function loadKoffi(): Promise<typeof Koffi> {
  try {
    return (await import('koffi')).default as unknown as typeof Koffi;
  } catch (cause) {
    throw new Error('the optional package `koffi` is not installed here; install it to use a token', {
      cause,
    });
  }
}
