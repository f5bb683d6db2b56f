const all = `Usage: kydai device <command>

be a device: enrol, renew, send sealed readings; or the service that opens them

  enrol <id>      make a key and get a certificate for it
  renew           get the next certificate, or keep it fresh for ever
  send <reading>  seal a reading for a receiving service and publish it
  open [file]     open sealed readings, as the service that they were sealed for

kydai device <command> --help says more.
`;

const server = `  --server <url>      device listener, https://host:port
  --ca <file>         root certificate to trust, PEM
  --folder <folder>   where key and certificate are kept (default: device)
`;

const each: Readonly<Record<string, string>> = {
  enrol: `Usage: kydai device enrol <id> --server <url> --ca <file> [--folder <folder>]

make a key and get a certificate for it

${server}  --token <token>     one-time token; better in the environment: KYDAI_ENROLMENT_TOKEN

After a loss of power the same call goes on where it stopped.
`,
  renew: `Usage: kydai device renew --server <url> --ca <file> [--folder <folder>] [--watch]

get the next certificate, or keep it fresh for ever

${server}  --watch             stay, and renew in the window that the server tells
`,
  send: `Usage: kydai device send <reading> --server <url> --ca <file> --recipient <file>

seal a reading, which is JSON, for a receiving service and publish it

${server}  --recipient <file>  certificate of the service that may open it, PEM
  --dataset <name>    what to publish to (default: readings)
`,
};

/** What `--help` prints. */
export function help(command: string | undefined): string {
  return each[command ?? ''] ?? all;
}
