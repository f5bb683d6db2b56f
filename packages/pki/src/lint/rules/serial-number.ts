import type { Rule } from '../rule.ts';

export const serialNumber: Rule = {
  id: 'serial-number',
  citation: 'RFC 5280 section 4.1.2.2; CA/Browser Forum BR section 7.1',
  check: ({ certificate: { serial } }) => {
    if (serial[0]! >= 0x80 || serial.every((octet) => octet === 0)) return 'serial number is not positive';
    if (serial.length > 20) return `serial number takes ${serial.length} octets and may take 20`;
    return serial.length < 8 ? 'serial number has no room for 64 random bits' : undefined;
  },
};
