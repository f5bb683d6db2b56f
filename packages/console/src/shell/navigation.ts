import type { ConsoleAction } from '@kydai/contracts';
import {
  ArchiveRestore,
  BellRing,
  BookCheck,
  Cctv,
  Crosshair,
  FileKey2,
  Fingerprint,
  LayoutDashboard,
  type LucideIcon,
  Package,
  Radar,
  RadioTower,
  Scale,
  ScrollText,
  Siren,
} from 'lucide-react';
import type { PlainKey } from '../language/translate.ts';

export interface Place {
  readonly href: string;
  readonly label: PlainKey;
  readonly icon: LucideIcon;
  readonly needs: ConsoleAction;
}

export interface PlaceGroup {
  readonly label: PlainKey;
  readonly places: readonly Place[];
}

/** Where one can go, in the order of a watch: what happens, who is trusted, what proves it. */
export const groups: readonly PlaceGroup[] = [
  {
    label: 'nav.group.watch',
    places: [
      { href: '/', label: 'nav.overview', icon: LayoutDashboard, needs: 'view' },
      { href: '/incidents', label: 'nav.incidents', icon: Siren, needs: 'view' },
      { href: '/detections', label: 'nav.detections', icon: BellRing, needs: 'view' },
      { href: '/rules', label: 'nav.rules', icon: Radar, needs: 'view' },
      { href: '/logs', label: 'nav.logs', icon: ScrollText, needs: 'search-logs' },
      { href: '/hunts', label: 'nav.hunts', icon: Crosshair, needs: 'search-logs' },
    ],
  },
  {
    label: 'nav.group.trust',
    places: [
      { href: '/devices', label: 'nav.devices', icon: Cctv, needs: 'view' },
      { href: '/certificates', label: 'nav.certificates', icon: FileKey2, needs: 'view' },
      { href: '/policies', label: 'nav.policies', icon: BookCheck, needs: 'view' },
      { href: '/findings', label: 'nav.findings', icon: Package, needs: 'view' },
    ],
  },
  {
    label: 'nav.group.evidence',
    places: [
      { href: '/sources', label: 'nav.sources', icon: RadioTower, needs: 'view' },
      { href: '/decisions', label: 'nav.decisions', icon: Scale, needs: 'view' },
      { href: '/audit', label: 'nav.audit', icon: Fingerprint, needs: 'view' },
      { href: '/backups', label: 'nav.backups', icon: ArchiveRestore, needs: 'view' },
    ],
  },
];

/** Whether `path` lies in the place at `href`. */
export function isWithin(path: string, href: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);
}
