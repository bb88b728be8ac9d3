import type { VersionInfo } from '../../engine/protocol/index.ts';

/** What a process tells of its build: this is run from source, so there is none. */
export function versionInfo(version: string): VersionInfo {
  return {
    version,
    buildDate: '',
    buildTime: 0,
    buildUser: '',
    gitSha: null,
    gitBranch: null,
    gitTag: null,
  };
}
