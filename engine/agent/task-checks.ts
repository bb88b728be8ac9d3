import { assert, type Micros, type Sink } from '../core/index.ts';
import type { CheckInfo, CheckStatus, HealthCheck, TaskInfo } from '../protocol/index.ts';
import type { AgentState } from './agent-state.ts';
import { type AgentTask, NEVER } from './agent-task.ts';
import type { Probe, ProbeResult, ProbeUse } from './container.ts';
import type { AgentOutput } from './output.ts';

/** Where a task's health check and its check stand (spec 07 §7). */
export class TaskChecks {
  readonly health: HealthCheck | null;
  readonly check: CheckInfo | null;
  /** Null before the first result that counts. */
  healthy: boolean | null = null;
  /** What the last check found; null without a check. */
  checkStatus: CheckStatus | null;
  /** Failed health checks in a row. */
  failures = 0;
  /** Failures do not count before this, unless one succeeded. */
  graceEnd = NEVER;
  /** When the next probe is due; NEVER while one is under way. */
  healthAt = NEVER;
  checkAt = NEVER;
  isHealthUnderWay = false;
  isCheckUnderWay = false;

  constructor(health: HealthCheck | null, check: CheckInfo | null) {
    this.health = health;
    this.check = check;
    this.checkStatus = check === null ? null : noResult(check);
  }
}

/** Null for a task that wants no checks. */
export function checksOf(info: TaskInfo): TaskChecks | null {
  const { healthCheck, check } = info.template;
  return healthCheck === null && check === null ? null : new TaskChecks(healthCheck, check);
}

/** When tasks with containers of their own are probed, and what the results mean (spec 07 §7). The prober carries probes out. */
export class Checker {
  readonly #state: AgentState;
  /** Not after the earliest probe that is due; put right when it passes. */
  #deadline = NEVER;

  constructor(state: AgentState) {
    this.#state = state;
  }

  get deadline(): number {
    return this.#deadline;
  }

  /** The task runs: the first probes come after their delay. */
  begin(now: Micros, checks: TaskChecks): void {
    const { health, check } = checks;
    if (health !== null) {
      checks.graceEnd = now + health.gracePeriod;
      checks.healthAt = this.#due(now + health.delay);
    }
    if (check !== null) checks.checkAt = this.#due(now + check.delay);
  }

  /** The agent restarted while the task ran: probes go on after an interval. */
  resume(now: Micros, checks: TaskChecks): void {
    const { health, check } = checks;
    if (health !== null) {
      checks.graceEnd = now + health.gracePeriod;
      checks.healthAt = this.#due(now + health.interval);
    }
    if (check !== null) checks.checkAt = this.#due(now + check.interval);
  }

  /** The task is being killed or has ended: no more probes. */
  stop(task: AgentTask, outputs: Sink<AgentOutput>): void {
    const { checks } = task;
    if (checks === null) return;
    checks.healthAt = NEVER;
    checks.checkAt = NEVER;
    if (!checks.isHealthUnderWay && !checks.isCheckUnderWay) return;
    checks.isHealthUnderWay = false;
    checks.isCheckUnderWay = false;
    outputs.push({ kind: 'stopProbes', container: task.container });
  }

  /** A result came. `unhealthy`: the task has failed too often in a row and is to be killed. */
  probed(
    now: Micros,
    task: AgentTask,
    use: ProbeUse,
    result: ProbeResult,
    outputs: Sink<AgentOutput>,
  ): 'noted' | 'unhealthy' {
    const { checks } = task;
    if (checks === null || task.phase !== 'running') return 'noted';
    if (use === 'check') {
      if (checks.isCheckUnderWay) this.#checked(now, task, checks, result, outputs);
      return 'noted';
    }
    return checks.isHealthUnderWay ? this.#healthChecked(now, task, checks, result, outputs) : 'noted';
  }

  /** Orders the probes that are due and finds the next deadline. O(tasks). */
  tick(now: Micros, outputs: Sink<AgentOutput>): void {
    const { tasks } = this.#state;
    let earliest = NEVER;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      const { checks } = task;
      if (checks === null) continue;
      if (checks.healthAt <= now) {
        const { health } = checks;
        assert(health !== null, 'only a task with a health check has one due');
        checks.healthAt = NEVER;
        checks.isHealthUnderWay = true;
        this.#order(task, 'healthCheck', probeOf(health), health.timeout, outputs);
      }
      if (checks.checkAt <= now) {
        const { check } = checks;
        assert(check !== null, 'only a task with a check has one due');
        checks.checkAt = NEVER;
        checks.isCheckUnderWay = true;
        this.#order(task, 'check', probeOf(check), check.timeout, outputs);
      }
      earliest = Math.min(earliest, checks.healthAt, checks.checkAt);
    }
    this.#deadline = earliest;
  }

  checkInvariants(): void {
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const { checks, phase, ending } = tasks.at(row);
      if (checks === null) continue;
      const isOn =
        checks.healthAt !== NEVER ||
        checks.checkAt !== NEVER ||
        checks.isHealthUnderWay ||
        checks.isCheckUnderWay;
      assert(
        isOn === (phase === 'running' && ending === 'none'),
        'a task is probed exactly while it runs and is not being killed',
      );
      assert(
        checks.healthAt >= this.#deadline && checks.checkAt >= this.#deadline,
        'no probe is due before the deadline',
      );
    }
  }

  #healthChecked(
    now: Micros,
    task: AgentTask,
    checks: TaskChecks,
    result: ProbeResult,
    outputs: Sink<AgentOutput>,
  ): 'noted' | 'unhealthy' {
    const health = checks.health!;
    checks.isHealthUnderWay = false;
    checks.healthAt = this.#due(now + health.interval);
    if (isSuccess(result)) {
      const isNews = checks.healthy !== true;
      checks.failures = 0;
      checks.healthy = true;
      if (isNews) this.#tellHealth(now, task, 'Task is healthy', outputs);
      return 'noted';
    }
    // Nothing has succeeded yet, and the task may still be starting up.
    if (checks.healthy === null && now < checks.graceEnd) return 'noted';
    checks.failures++;
    checks.healthy = false;
    this.#tellHealth(now, task, `Health check failed: ${resultText(result)}`, outputs);
    return checks.failures >= health.consecutiveFailures ? 'unhealthy' : 'noted';
  }

  #checked(
    now: Micros,
    task: AgentTask,
    checks: TaskChecks,
    result: ProbeResult,
    outputs: Sink<AgentOutput>,
  ): void {
    const check = checks.check!;
    checks.isCheckUnderWay = false;
    checks.checkAt = this.#due(now + check.interval);
    const status = checkStatusOf(check, result);
    if (isSameStatus(checks.checkStatus!, status)) return;
    checks.checkStatus = status;
    this.#state.record(
      now,
      task,
      'TASK_RUNNING',
      'SOURCE_EXECUTOR',
      'REASON_TASK_CHECK_STATUS_UPDATED',
      null,
      null,
      outputs,
    );
  }

  #tellHealth(now: Micros, task: AgentTask, message: string, outputs: Sink<AgentOutput>): void {
    this.#state.record(
      now,
      task,
      'TASK_RUNNING',
      'SOURCE_EXECUTOR',
      'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
      message,
      null,
      outputs,
    );
  }

  #order(task: AgentTask, use: ProbeUse, probe: Probe, timeout: Micros, outputs: Sink<AgentOutput>): void {
    // Zero means no limit (spec 07 §7).
    const limit = timeout > 0 ? timeout : null;
    outputs.push({ kind: 'probe', container: task.container, use, probe, timeout: limit });
  }

  #due(at: number): number {
    if (at < this.#deadline) this.#deadline = at;
    return at;
  }
}

function probeOf(check: HealthCheck | CheckInfo): Probe {
  switch (check.type) {
    case 'COMMAND':
      assert(check.command !== null, 'a COMMAND check has a command (spec 07 §7)');
      return { type: 'COMMAND', command: check.command };
    case 'HTTP': {
      assert(check.http !== null, 'an HTTP check has its http part (spec 07 §7)');
      const { http } = check;
      const scheme = 'scheme' in http ? http.scheme : 'http';
      const protocol = 'protocol' in http ? http.protocol : 'IPv4';
      return { type: 'HTTP', scheme, protocol, port: http.port, path: http.path ?? '/' };
    }
    case 'TCP': {
      assert(check.tcp !== null, 'a TCP check has its tcp part (spec 07 §7)');
      const { tcp } = check;
      const protocol = 'protocol' in tcp ? tcp.protocol : 'IPv4';
      return { type: 'TCP', protocol, port: tcp.port };
    }
  }
}

/** Exit code 0, an HTTP status of 200 to 399, a connection (spec 07 §7). */
function isSuccess(result: ProbeResult): boolean {
  switch (result.kind) {
    case 'exited':
      return result.exitCode === 0;
    case 'responded':
      return result.statusCode >= 200 && result.statusCode < 400;
    case 'connected':
      return result.succeeded;
    default:
      return false;
  }
}

function resultText(result: ProbeResult): string {
  switch (result.kind) {
    case 'exited':
      return `command exited with status ${result.exitCode}`;
    case 'responded':
      return `unexpected HTTP response code ${result.statusCode}`;
    case 'connected':
      return 'no TCP connection';
    case 'timedOut':
      return 'timed out';
    case 'failed':
      return result.message;
  }
}

/** No result: none yet, a timeout, or a probe that could not be carried out. */
function noResult(check: CheckInfo): CheckStatus {
  switch (check.type) {
    case 'COMMAND':
      return { type: 'COMMAND', exitCode: null };
    case 'HTTP':
      return { type: 'HTTP', statusCode: null };
    case 'TCP':
      return { type: 'TCP', succeeded: null };
  }
}

function checkStatusOf(check: CheckInfo, result: ProbeResult): CheckStatus {
  if (check.type === 'COMMAND' && result.kind === 'exited')
    return { type: 'COMMAND', exitCode: result.exitCode };
  if (check.type === 'HTTP' && result.kind === 'responded')
    return { type: 'HTTP', statusCode: result.statusCode };
  if (check.type === 'TCP' && result.kind === 'connected')
    return { type: 'TCP', succeeded: result.succeeded };
  return noResult(check);
}

function isSameStatus(a: CheckStatus, b: CheckStatus): boolean {
  switch (a.type) {
    case 'COMMAND':
      return b.type === 'COMMAND' && a.exitCode === b.exitCode;
    case 'HTTP':
      return b.type === 'HTTP' && a.statusCode === b.statusCode;
    case 'TCP':
      return b.type === 'TCP' && a.succeeded === b.succeeded;
  }
}
