export { EtcdStore } from './etcd-store.ts';
export {
  type EtcdDirection,
  type EtcdListener,
  type EtcdLoss,
  type EtcdOptions,
  VirtualEtcd,
} from './virtual-etcd.ts';
