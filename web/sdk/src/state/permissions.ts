import type { Permissions } from '../api.ts';
import type { PermissionsInfo } from '../gen/protocol.ts';

/** Before the server has told: nothing. */
export const NO_PERMISSIONS: Permissions = {
  publish: new Set(),
  subscribe: false,
  data: false,
  hidden: false,
  seeHidden: false,
  admin: false,
};

/** As the page sees them. */
export function readPermissions(info: PermissionsInfo): Permissions {
  return {
    publish: new Set(info.publish),
    subscribe: info.subscribe,
    data: info.data,
    hidden: info.hidden,
    seeHidden: info.see_hidden,
    admin: info.admin,
  };
}

export function samePermissions(a: Permissions, b: Permissions): boolean {
  const words = ({ publish, ...others }: Permissions) => JSON.stringify([[...publish].sort(), others]);
  return words(a) === words(b);
}
