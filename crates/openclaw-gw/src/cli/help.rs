//! What the help says beside the options.

pub(crate) const AFTER_HELP: &str = "\
Examples:
  openclaw-gw status
  openclaw-gw pair
  openclaw-gw call agents.list
  openclaw-gw --scope operator.write call chat.send --params @message.json
  openclaw-gw watch --event chat --json | jq .payload
  openclaw-gw record run.ndjson -- call health && openclaw-gw trace run.ndjson

Exit codes:
  0    done
  1    the gateway refused the call, or a replay differs
  2    cannot connect, or the connection broke
  3    no answer, or no approval, in time
  4    an operator has to approve this device first
  5    the credential or the device was refused, or a certificate is not the pinned one
  64   wrong usage, or a file that cannot be used
  74   standard output cannot be written
  130  interrupted by Ctrl-C or SIGTERM (watch: 0)

The gateway's own answers go to standard output, everything else to standard error.";

pub(super) const CALL_HELP: &str = "\
Examples:
  openclaw-gw call health
  openclaw-gw call sessions.list --params '{\"limit\": 5}'
  echo '{}' | openclaw-gw call agents.list --params -
  openclaw-gw --json --scope operator.write call agent --params @turn.json --two-stage --timeout 5m

On a terminal the payload is laid out for reading; piped, or with --json, it is the line the gateway sent. \
With --json an error is one object, {\"error\":{...}}, on standard error.

--two-stage shows that the gateway accepted the request before the result is there: as a line on standard error, \
or with --json as the first of two lines on standard output, {\"stage\":\"accepted\",\"payload\":...} and \
{\"stage\":\"final\",\"payload\":...}.";

pub(super) const WATCH_HELP: &str = "\
Examples:
  openclaw-gw watch
  openclaw-gw watch --event chat --event agent
  openclaw-gw watch --json --for 1m > events.ndjson

With --json every event is a line with exactly the keys event, seq, stateVersion, payload and receivedAt. \
Changes of the connection are lines with the key state; where a reader was too slow, a line with the key lagged \
says how many events are missing.

When the connection ends it comes back by itself and says so. It ends after --count events or --for a time, with Ctrl-C, \
or on a refusal that takes a person to mend; with --no-reconnect also with the connection.";

pub(super) const SERVE_HELP: &str = "\
Examples:
  openclaw-gw serve
  openclaw-gw serve --port 0 --json --event chat=2s
  openclaw-gw --token let-me-in serve --protocol v3

The token is the one given with --token (or OPENCLAW_GATEWAY_TOKEN); without one the gateway has a token of its own, \
which it prints. It listens on 127.0.0.1 only, and ends with Ctrl-C.";

pub(super) const REPLAY_HELP: &str = "\
Examples:
  openclaw-gw record run.ndjson -- call health
  openclaw-gw replay run.ndjson

It needs no gateway. Exit code 0: identical; 1: the first difference is shown, with the lines before it. A recording that \
has lost its beginning (record --last) cannot be replayed; trace shows it.";

pub(super) const RECORD_HELP: &str = "\
Examples:
  openclaw-gw record run.ndjson -- call health
  openclaw-gw record run.ndjson -- watch --json --for 1m
  openclaw-gw record --last --limit 1MiB end.ndjson -- watch

The command runs as it would alone and ends with its own exit code; --record FILE before or after a command does the same \
with the usual limit. Options of every command may stand on either side of record; what both sides have counts as the \
command has it. Replay runs the file again, trace shows it.

A recording holds what was sent and received, without the credentials of this program and without what stands under keys \
that look secret. Everything else, the words of people among it, is in it.";

pub(super) const TRACE_HELP: &str = "\
Examples:
  openclaw-gw trace run.ndjson
  openclaw-gw trace run.ndjson --only states,requests
  openclaw-gw trace run.ndjson --json --full | jq 'select(.what == \"res\")'

It needs no gateway. A row has the time since the beginning, the connection, the direction (<- from the gateway, -> to it), \
what it is, its name, and what there is to say of it. Payloads are cut, on a terminal to its width.

With --json a row is an object with the keys line, sinceStartMs, at, topic, direction, conn, what, name, id, tookMs, bytes \
and text; text is cut to 400 characters unless --full is given, bytes is the size of the whole.";

pub(super) const STATUS_HELP: &str = "\
Examples:
  openclaw-gw status
  openclaw-gw --scope operator.admin status
  openclaw-gw status --json | jq '.features.methods'

With --json the whole greeting of the gateway is shown; tokens and other secrets in it are replaced.";

pub(super) const PAIR_HELP: &str = "\
Examples:
  openclaw-gw pair
  openclaw-gw --url wss://gateway.example --scope operator.write pair --timeout 10m
  openclaw-gw pair --json --timeout 1h

Asks for the role and the scopes of --role and --scope, shows what the operator has to approve and with which command, and \
waits. It asks again about every half minute; a line on standard input (Enter) asks at once. A device that is paired \
already is told so. In the end the token of this device is stored, and the other commands need no credential any more.

With --json every change is a line with the key state: pairing, waiting, paired.";

pub(super) const DEVICE_HELP: &str = "\
Examples:
  openclaw-gw device show
  openclaw-gw device new --replace
  openclaw-gw device forget --yes

The identity is made at the first connect. OPENCLAW_GW_STATE_DIR names another directory for it.";

pub(super) const EXPLAIN_HELP: &str = "\
Examples:
  openclaw-gw explain PAIRING_REQUIRED
  openclaw-gw explain 4001
  openclaw-gw explain --json | jq -r .code

It needs no gateway.";
