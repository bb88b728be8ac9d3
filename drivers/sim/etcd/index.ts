export { EtcdStore } from './etcd-store.ts';
export {
  type EtcdDirection,
  type EtcdListener,
  type EtcdOptions,
  VirtualEtcd,
} from './virtual-etcd.ts';
