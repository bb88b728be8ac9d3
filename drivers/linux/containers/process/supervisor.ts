/**
 * What stands between the agent and a container's first process: it outlives the agent and keeps the exit status. A shell, so that a thousand of
 * them cost little. Arguments: folder for its files, files that put a process into the container's cgroup (blanks between them), the
 * container's name if its processes are to be marked with it, program and its arguments. It writes
 *
 *     (Nobody need be there any more to hear that it started: an agent may be killed at that very instant.)
 *
 *     supervisor   its number and when it started, as /proc/<pid>/stat has it (field 22)
 *     child        number of the container's first process, a session of its own, once that is in its cgroup
 *     status       exit status of that process; 128 and the signal if one ended it
 */
export const SUPERVISOR = `
folder=$1; groups=$2; mark=$3; shift 3
echo "$$ $(cut -d' ' -f22 /proc/$$/stat)" > "$folder/supervisor.new" && mv "$folder/supervisor.new" "$folder/supervisor" || exit 70
exec 3>&1 >/dev/null
setsid sh -c '
  folder=$1; groups=$2; mark=$3; shift 3
  [ -z "$mark" ] || export ORRERY_CONTAINER="$mark"
  for file in $groups; do echo $$ > "$file" || exit 125; done
  echo $$ > "$folder/child.new" && mv "$folder/child.new" "$folder/child" || exit 125
  trap "" PIPE
  echo started >&3 2>/dev/null
  trap - PIPE
  exec 3>&-
  exec "$@"
' sh "$folder" "$groups" "$mark" "$@" >>stdout 2>>stderr </dev/null &
child=$!
exec 3>&-
wait "$child"
status=$?
echo "$status" > "$folder/status.new" && mv "$folder/status.new" "$folder/status"
`;

/** When the process started, in the kernel's ticks since boot; null if there is none. A number used again has another. */
export function startTicks(stat: string): string | null {
  // The name in brackets may hold blanks and brackets itself.
  const end = stat.lastIndexOf(')');
  return end === -1 ? null : (stat.slice(end + 2).split(' ')[19] ?? null);
}
