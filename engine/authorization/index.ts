export type { AclEntity, AclRule, Acls } from './acls.ts';
export { isAuthorizationAction, OBJECT_KEY } from './actions.ts';
export { authorize } from './authorize.ts';
export { type AclsError, aclsErrorText, parseAcls } from './parse-acls.ts';
export { ALL_SEEING, PrincipalViewer, type ViewAction, type Viewer, viewerOf } from './viewer.ts';
export { isVisibleOperation, visibleResources } from './visible-resources.ts';
