"""ArchiverAgent: keeps what agents record, and hands it out again.

For whoever runs it. One archiver serves a site; it is one more agent of the site file::

    - agent-class: ArchiverAgent
      instance-id: archiver
      devices:
        - name: archiver
          properties:
            folder: /data/archive
            policy:
              - {match: "bare-1.*", archive: false}
              - {match: "cryo/*.temperature", dead_band: 0.001, period_s: 60}
              - {match: "*", keep_days: 365}

Properties: `folder` (by default `archive` beside the states of the realm's agents), `policy`, `disk_warning` and
`disk_full` (90 % and 97 %), `seal_s` (300 s), `influx_url` and `influx_database` for a time series server that gets
everything too.

What it promises: `R.archiver.put` is answered when the rows are on the disk (fsync), each row once; until then they lie
in the spool of their agent. So it may be stopped, killed or started anew at any time: nothing is missing afterwards.
Agents without spool, those of OCS, are subscribed: best effort, and a gap wherever it could not hear them.

Policy: the first rule that fits a field decides. `ocs policy` tells what holds, `ocs policy --set FILE --dry-run` what
other rules would take; a change acts on the next rows, is kept in `policy.json` in the folder, and `ocs policy --reset`
goes back to the site file. A row stays when one of its fields wants it. `pause` and `resume` stop archiving by pattern;
the hole has a gap that says why.

Who is away: a device that closes, dies or falls silent has a gap `agent_down` that lasts until it is heard again. One
that was only cut off from the router and kept its data meanwhile has lost nothing: its gap ends where it began.

How it is, by `ocs health archiver`:

* `disk`: degraded from 90 % on. From 97 % on it takes nothing, and tells agents to come back after 60 s: make room, or
  give the policy shorter `keep_days`. What waits in the spools follows by itself.
* `refused data`: parts that nobody can read lie in `quarantine/` with the reason; everything beside them was taken.
* `archive`: what went wrong with the files in the last hour, in one sentence; the log has all of it.
* `paused ...`: somebody paused archiving, and nobody has resumed it yet.
* `influx`: the time series server is more than a minute behind; it catches up when it is back.
* state FAULT: the folder, the policy or the server's URL cannot be used, or the disk had no room at all at the start;
  Status says why. Mend it, then ask for Init; for want of room it is tried again each minute.

Its channels: `rows`, `puts`, `rate`, `lag_s` (how long a put waits for the disk), `skipped` (left out by the policy),
`refused`, `duplicates`, `journal_bytes`, `disk_used`, `away`, `lost` (rows of agents without spool), and with a time
series server `influx_lag_s`, `influx_written` and `influx_refused`.

Commands: `policy`, `set_policy`, `reset_policy`, `preview`, `pause`, `resume`, `series`, `gaps`; for experts `seal` and
`compact`. Sealing, merging of blocks and retention happen by themselves.

The folder can be read while it runs, or does not: `ocs.store.open(folder)`. Readers never keep it waiting. Copy it with
any tool; a copy that is made while it runs may lack the newest rows, no others.
"""

from ocs.services.archiver.device import Archiver

__all__ = ["Archiver"]
