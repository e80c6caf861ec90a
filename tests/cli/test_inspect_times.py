from __future__ import annotations

import json


def test_inspect_takes_its_times_from_all_rows_as_report_does(cli, tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(
        "user,event,timestamp\n1,a,2026-01-02\n1,b,2026-01-04\n,a,2026-01-01\n,a,2026-01-03\n,b,2026-01-06\n"
    )
    found = json.loads(cli("inspect", log, "-f", "json").out)
    assert (found["first_time"], found["last_time"]) == ("2026-01-01T00:00:00Z", "2026-01-06T00:00:00Z")
    assert found["empty_days"] == ["2026-01-05"]
