/** Facilities of RFC 5424 whose messages are lost last: auth, authpriv, audit, alert. */
const facilities: ReadonlySet<number> = new Set([4, 10, 13, 14]);

/** Programs whose lines are lost last, whatever their facility. */
export const urgentPrograms: readonly string[] = `
  sshd sshd-session sshd-auth dropbear login sudo su doas pkexec polkitd systemd-logind
  passwd chpasswd useradd usermod userdel groupadd groupmod gpasswd
  auditd audit audispd audisp-syslog krb5kdc kadmind slapd sssd winbindd radiusd freeradius tac_plus
  charon openvpn fail2ban aide clamd falco kydai`
  .trim()
  .split(/\s+/);

const space = 32;
/** As far as a header is read. */
const mostHeader = 320;

/**
 * Whether a syslog message is one that is lost last: by the facility of its PRI, or by its program (APP-NAME of RFC
 * 5424, TAG of RFC 3164, also behind an ISO timestamp as rsyslog writes it). It makes no claim about the message, whose
 * sender can write what it likes.
 */
export function isUrgent(bytes: Buffer, programs: ReadonlySet<string>): boolean {
  let at = 0;
  if (bytes[0] === 60) {
    let value = 0;
    for (at = 1; at <= 3; at++) {
      const digit = bytes[at]! - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    if (at === 1 || bytes[at] !== 62) return false;
    if (facilities.has(value >> 3)) return true;
    at++;
  }
  const name = programAt(bytes, at);
  return name !== undefined && programs.has(name);
}

/** The program in a header whose timestamp (or version) begins at `at`. */
function programAt(bytes: Buffer, at: number): string | undefined {
  const end = Math.min(bytes.length, at + mostHeader);
  const afterToken = (from: number): number => {
    let next = from;
    while (next < end && bytes[next] !== space) next++;
    return next + 1;
  };
  // `1 TIMESTAMP HOSTNAME APP-NAME`, `Nov 21 20:26:00 HOSTNAME TAG`, `2026-11-21T20:26:00+07:00 HOSTNAME TAG`.
  const version = bytes[at] === 49 && bytes[at + 1] === space;
  const short = bytes[at + 3] === space && bytes[at + 6] === space && bytes[at + 15] === space;
  const host = version ? afterToken(at + 2) : short ? at + 16 : afterToken(at);
  const start = afterToken(host);
  let stop = start;
  while (stop < end && !isNameEnd(bytes[stop]!)) stop++;
  return stop === start || stop - start > 32 ? undefined : bytes.toString('latin1', start, stop);
}

/** Space, `[`, `:`, `/`. */
function isNameEnd(code: number): boolean {
  return code === space || code === 91 || code === 58 || code === 47;
}
