import { expect, test } from 'vitest';
import { durationText, parseBytes, parseDuration } from '../flags/flag-values.ts';
import { FlagError, parseFlags } from '../flags/parse-flags.ts';
import { masterSecurityOf } from '../security/master-security-flags.ts';
import { MASTER_FLAGS } from './master-flags.ts';
import { allocatorOptionsOf, masterOptionsOf } from './master-options-from-flags.ts';

const FILES: { readonly [path: string]: string } = {
  '/etc/acls.json':
    '{"permissive": false, "run_tasks": [{"principals": {"type": "ANY"}, "users": {"values": ["nobody"]}}]}\n',
  '/etc/credentials': 'ops secret1\nweb secret2\n',
};

function parsed(args: readonly string[], env: Record<string, string> = {}) {
  const { values, shown } = parseFlags(MASTER_FLAGS, {
    args,
    env,
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error('no such file');
      return text;
    },
  });
  return {
    shown,
    host: values.ip,
    port: values.port,
    cluster: values.cluster,
    master: masterOptionsOf(values),
    allocator: allocatorOptionsOf(values),
    security: masterSecurityOf(values),
  };
}

test('without flags the master has Mesos’s defaults and listens on the loopback only', () => {
  const { host, port, master, allocator, shown } = parsed([]);
  expect([host, port]).toEqual(['127.0.0.1', 5050]);
  expect(master).toMatchObject({ agentPingTimeout: 15_000_000, maxAgentPingTimeouts: 5 });
  expect(allocator).toMatchObject({ filterGpuResources: true });
  expect(allocator.minAllocatable!.map(String)).toEqual(['cpus:0.01', 'mem:32']);
  expect(shown).toContainEqual({ name: 'allocation_interval', value: '1secs' });
});

test('the command line wins over the environment, and names of old still work', () => {
  const env = {
    MESOS_PORT: '6060',
    MESOS_CLUSTER: 'env',
    MESOS_SLAVE_PING_TIMEOUT: '500ms',
    MESOS_UNHEARD_OF: 'x',
  };
  const { port, cluster, master } = parsed(
    ['--port=7070', '--no-root_submissions', '--offer_timeout', '1.5mins'],
    env,
  );
  expect([port, cluster]).toEqual([7070, 'env']);
  expect(master).toMatchObject({
    agentPingTimeout: 500_000,
    rootSubmissions: false,
    offerTimeout: 90_000_000,
  });
});

test('values come from files, and secrets are told to nobody', () => {
  const { security, shown } = parsed([
    '--acls=file:///etc/acls.json',
    '--credentials=/etc/credentials',
    '--authenticate_http_frameworks',
  ]);
  expect(security.acls).toMatchObject({ permissive: false });
  const right = `Basic ${Buffer.from('ops:secret1').toString('base64')}`;
  expect(security.authentication.principal('mesos-master-scheduler', right)).toBe('ops');
  expect(() => security.authentication.principal('mesos-master-scheduler', undefined)).toThrow(
    'missing or wrong',
  );
  expect(JSON.stringify(shown)).not.toContain('secret1');
});

test('a wrong flag is refused with its name, its value and what is accepted', () => {
  const cases: [readonly string[], string][] = [
    [['--agent_ping_timeout=15'], "--agent_ping_timeout is '15'; expected a number with a unit"],
    [['--offer_constraints_re2_max_mem=4kb'], 'expected a number with a unit of B, KB'],
    [['--prot=1'], 'There is no flag --prot'],
    [['--allocation_inter=1secs'], 'did you mean --allocation_interval?'],
    [['--port=1', '--port=2'], '--port is given twice'],
    [['--quiet=perhaps'], "--quiet is 'perhaps'; expected true or false"],
    [['--no-port'], 'only those have a --no- form'],
    [['--acls={"fly": []}'], 'there is no such action'],
    [['--acls=file:///nowhere'], 'cannot read /nowhere'],
    [['--weights=eng'], 'expected role=weight'],
    [['--agent_removal_rate_limit=many'], 'such as 1/10mins'],
    [['--min_allocatable_resources=cpus'], "no ':' between name and value"],
    [['--authenticate_http_readonly'], '--credentials is not given'],
    [['--rate_limits={"limits":[{"principal":"p","qps":0}]}'], "'limits[0].qps'"],
    [['port=1'], "'port=1' is no flag"],
  ];
  for (const [args, text] of cases) {
    expect(() => parsed(args)).toThrow(FlagError);
    expect(() => parsed(args)).toThrow(text);
  }
});

test('durations and sizes are read with their units', () => {
  expect(parseDuration('10mins')).toBe(600_000_000);
  expect(parseDuration('1.5hrs')).toBe(5_400_000_000);
  expect(parseDuration('2weeks')).toBe(1_209_600_000_000);
  expect([
    parseDuration('10'),
    parseDuration('mins'),
    parseDuration('-1secs'),
    parseDuration('1 toString'),
  ]).toEqual([null, null, null, null]);
  expect(parseBytes('4KB')).toBe(4096);
  expect([parseBytes('4'), parseBytes('4kb'), parseBytes('4constructor')]).toEqual([null, null, null]);
  for (const text of ['1weeks', '10mins', '90secs', '5ms', '7us'])
    expect(durationText(parseDuration(text)!)).toBe(text);
});
