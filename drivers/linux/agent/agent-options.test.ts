import { expect, test } from 'vitest';
import { parseFlags } from '../flags/parse-flags.ts';
import { AGENT_FLAGS } from './agent-flags.ts';
import { agentOptions } from './agent-options.ts';

const FILES: { readonly [path: string]: string } = {
  '/etc/credential': '{"principal":"agent","secret":"s3cret"}',
  '/etc/two': 'a b\nc d\n',
  '/etc/key': 'key',
};

function options(args: readonly string[], env: { readonly [name: string]: string } = {}) {
  const readFile = (path: string): string => {
    const text = FILES[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };
  return agentOptions(parseFlags(AGENT_FLAGS, { args, env, readFile }));
}

const LEAST = ['--master=h:5050', '--work_dir=/w'];

test('the flags of Mesos become options; what is not given has its default', async () => {
  const least = options(LEAST);
  expect(least).toMatchObject({ workDir: '/w', host: '127.0.0.1', port: 5051, docker: null, domain: null });
  expect(least.settings).toMatchObject({
    registrationBackoff: 1_000_000,
    executorRegistrationTimeout: 60_000_000,
    reconfigurationPolicy: 'equal',
    recover: 'reconnect',
    garbageCollection: { delay: 604_800_000_000, diskHeadroom: 0.1 },
  });
  const more = options([
    ...[
      '--master=a:1,b:2',
      '--work_dir=/w',
      '--ip=0.0.0.0',
      '--port=0',
      '--hostname=me',
      '--advertise_port=9',
    ],
    ...['--resources=cpus:1', '--attributes=rack:r1', '--containerizers=docker,mesos', '--docker_socket=/d'],
    ...['--domain={"fault_domain":{"region":{"name":"r"},"zone":{"name":"z"}}}', '--cgroups_enable_cfs'],
    ...['--no-switch_user', '--executor_environment_variables={"A":"b"}', '--gc_delay=2hrs'],
    ...['--fetcher_cache_size=1MB', '--fetcher_stall_timeout=3secs', '--enforce_container_disk_quota'],
    ...['--credential=/etc/credential', '--authenticate_http_executors', '--jwt_secret_key=/etc/key'],
  ]);
  expect(more).toMatchObject({
    host: '0.0.0.0',
    port: 0,
    advertise: { hostname: 'me', port: 9 },
    resources: 'cpus:1',
    attributes: [{ name: 'rack', type: 'TEXT', text: 'r1' }],
    domain: { region: 'r', zone: 'z' },
    docker: { socket: '/d' },
    enforcesCfs: true,
    switchesUser: false,
    environment: { A: 'b' },
    settings: { garbageCollection: { delay: 7_200_000_000 } },
    fetcher: { cacheSize: 2 ** 20, stallTimeoutMs: 3_000 },
    disk: { enforcesQuota: true, watchMs: 60_000, containerWatchMs: 15_000 },
    link: { credential: { principal: 'agent', secret: 's3cret' } },
  });
  expect(more.executorTokens).not.toBeNull();
  const leader = more.master as () => Promise<object>;
  expect([await leader(), await leader(), await leader()]).toEqual([
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
    { host: 'a', port: 1 },
  ]);
  expect(JSON.stringify(more.flags)).not.toContain('s3cret');
});

test('ACLs are read as the master reads them', () => {
  const acls = '{"permissive":false,"view_flags":[{"principals":{"values":["ops"]},"flags":{"type":"ANY"}}]}';
  expect(options([...LEAST, `--acls=${acls}`]).acls).toEqual({
    permissive: false,
    rules: new Map([
      ['view_flags', [{ principals: { type: 'SOME', values: ['ops'] }, objects: { type: 'ANY' } }]],
    ]),
  });
  expect(options(LEAST).acls).toBeNull();
});

test('the environment gives flags, too', () => {
  const env = { MESOS_MASTER: 'h:1', MESOS_WORK_DIR: '/e', MESOS_SANDBOX: '/not/a/flag' };
  expect(options([], env).workDir).toBe('/e');
});

test.each<[readonly string[], string]>([
  [['--work_dir=/w'], '--master is missing; expected --master=host:port'],
  [['--master=h:1'], '--work_dir is missing'],
  [['--master=h', '--work_dir=/w'], '--master: expected the master as host:port, got "h"'],
  [[...LEAST, '--port=70000'], '--port is 70000; expected 0 to 65535'],
  [[...LEAST, '--attributes=rack'], '--attributes: '],
  [[...LEAST, '--runtime=lxc'], "--runtime is 'lxc'; expected process or docker"],
  [[...LEAST, '--containerizers=docker,composing'], "--containerizers names 'composing'"],
  [[...LEAST, '--domain={}{'], '--domain is'],
  [[...LEAST, '--domain={"fault_domain":{}}'], '--domain: '],
  [[...LEAST, '--executor_environment_variables=[]'], 'expected {"NAME":"value"}'],
  [[...LEAST, '--executor_environment_variables={"A":1}'], 'the value of A is no text'],
  [[...LEAST, '--executor_reregistration_timeout=16secs'], 'at most that'],
  [[...LEAST, '--gc_disk_headroom=2'], 'expected a number from 0 to 1'],
  [[...LEAST, '--reconfiguration_policy=any'], 'expected equal or additive'],
  [[...LEAST, '--recover=never'], 'expected reconnect or cleanup'],
  [[...LEAST, '--authenticate_http_readonly'], '--http_credentials is not given'],
  [[...LEAST, '--authenticate_http_executors'], '--jwt_secret_key is not given'],
  [[...LEAST, '--credential=/etc/two'], '--credential has 2 principals; expected one'],
  [[...LEAST, '--credential=/etc/none'], 'cannot read /etc/none'],
  [[...LEAST, '--acls={"fly":[]}'], "--acls: The ACLs are invalid at 'fly': there is no such action"],
  [[...LEAST, '--acls={"view_flags":[{}]}'], "invalid at 'view_flags[0].principals'"],
  [[...LEAST, '--isolation=x'], 'There is no flag --isolation'],
])('%s is refused: %s', (args, why) => {
  expect(() => options(args)).toThrow(why);
});
