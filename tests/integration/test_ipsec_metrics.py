# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics as Prometheus gets them: one file by one playbook, alerts that fire when they should, and a dashboard of what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from ansible_collections.wiresec.ontap.plugins.plugin_utils._0_reports.metrics import METRICS, PARTS
from support.harness import CHECKOUT, Playbooks, task
from support.promtool import promtool
from support.repository import Repository

MONITORING = CHECKOUT / "docs" / "monitoring"
EVIL = 'a "name"\nwith \\n, {braces} and # EOF'
NFS = {
    "name": "nfs",
    "svm": "svm1",
    "action": "esp_transport",
    "local_endpoint": {"address": "10.10.10.7", "netmask": "32"},
    "remote_endpoint": {"address": "10.20.0.0", "netmask": "16"},
}

Values = dict[tuple[str, str], dict[tuple[str, ...], float]]


def values(path: Path) -> Values:
    """The metrics of a file by name and cluster, as a strict parser of OpenMetrics and as Prometheus read it."""
    text = path.read_text(encoding="utf-8")
    promtool("check", "metrics", given=text)
    found: Values = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            own = found.setdefault((sample.name.removeprefix("ontap_ipsec_"), labels.pop("cluster")), {})
            own[tuple(value for _label, value in sorted(labels.items()))] = sample.value
    return found


def test_a_run_tells_all_clusters_and_believes_none_that_it_could_not_read(place: Path) -> None:
    with Repository(place / "repository") as repository:
        first, off, silent = repository.clusters.values()
        for array in repository.clusters.values():
            array.serve_data()
            array.add_certificate("soon", "svm1", "server", expiry_time="2031-01-01T00:00:00Z")
            array.add_policy({"name": EVIL, "svm": "svm1", "certificate": "soon", "action": "esp_transport"})
            array.add_policy(NFS)
        first.establish("nfs", "svm1", in_bytes=1400, out_bytes=2800)
        first.establish(EVIL, "svm1", ike_state="connecting", ipsec=False)
        off.ipsec_enabled = False
        for cluster in repository.clusters:
            repository.write(f"ipsec/{cluster}/svm1.yml", [], svm="svm1")
        given = (
            *("-e", '{"ipsec_connection": {"retries": 0}, "ipsec_allow_empty": true, "ipsec_prune": true}'),
            *("-e", '{"ipsec_metrics_of": ["service", "health", "certificates", "drift", "coverage"]}'),
        )
        elsewhere = '{"ipsec_metrics_file": "metrics/ipsec.prom", "ipsec_metrics_clusters": ["cluster1", "cluster2", "cluster3"]}'
        path = repository.folder / "ipsec-reports" / "ipsec.prom"
        play = repository.run("metrics.yml", *given, "-e", elsewhere)
        path.parent.mkdir(exist_ok=True)
        (repository.folder / "metrics" / "ipsec.prom").rename(path)
        # Where IPsec is off, ONTAP may not list what there is, so nothing can be compared.
        assert set(re.findall(r"^(\S+) +:.* failed=1", play.output, re.MULTILINE)) == {"cluster2"}, play.output
        before = values(path)
        for cluster in repository.clusters:
            read = {part: int((cluster, part) != ("cluster2", "drift")) for part in PARTS}
            assert before["up", cluster] == {(part,): value for part, value in read.items()}
        assert (before["enabled", "cluster1"], before["enabled", "cluster2"]) == ({(): 1}, {(): 0})
        assert before["policies", "cluster1"] == {
            ("established",): 1,
            ("half_open",): 1,
            ("none",): 0,
            ("not_expected",): 0,
        }
        assert before["policy_peers", "cluster1"][EVIL, "half_open", "svm1"] == 1
        assert before["policy_bytes", "cluster1"]["outbound", "nfs", "svm1"] == 2800
        expiry = {key[0]: value for key, value in before["certificate_expiry_timestamp_seconds", "cluster1"].items()}
        assert expiry == {"soon": 1924992000}
        assert before["drift", "cluster1"] == {(): 1}
        assert before["drift_changes", "cluster1"]["deleted",] == 2
        assert before["flows_failing", "cluster1"][()] > 0
        assert not (repository.folder / "ipsec-reports" / "drift.md").exists()

        # One is gone, one may not be read, one is left out: none of them has a number, and none looks as if it had been read now.
        silent.stop()
        first.refuse("GET", "/security/ipsec/policies", 6, status=403, times=100)
        again = repository.run("metrics.yml", *given, "-l", "cluster1,cluster3")
        assert set(re.findall(r"^(\S+) +:.* failed=1", again.output, re.MULTILINE)) == {"cluster1", "cluster3"}
        after = values(path)
        assert after["up", "cluster1"] == {(part,): int(part == "service") for part in PARTS}
        for cluster in ("cluster2", "cluster3"):
            assert after["up", cluster] == {(part,): 0 for part in PARTS}
            assert after["last_success_timestamp_seconds", cluster] == before["last_success_timestamp_seconds", cluster]
        assert {name for name, cluster in after if cluster != "cluster1"} == {
            *("up", "last_run_timestamp_seconds", "last_success_timestamp_seconds")
        }
        assert f"Not read: cluster1 ({', '.join(PARTS[1:])}), cluster2 (" in again.output
        assert first.password not in path.read_text(encoding="utf-8")


@pytest.mark.covers_plays
def test_what_the_module_refuses(playbooks: Playbooks) -> None:
    (playbooks.folder / "file").touch()
    (playbooks.folder / "x.prom").touch()
    (playbooks.folder / "x.prom").chmod(0o604)
    tasks = [
        {**task(title, "ipsec_metrics", **options), "ignore_errors": True}
        for title, options in {
            "nothing": {"path": "x.prom"},
            "nobody": {"path": "x.prom", "health": {}},
            "nowhere": {"path": "file/x.prom", "health": {"c": {}}},
            "null": {"path": "x.prom", "health": {"c": None}, "certificates": {"d": {"certificates": []}}},
        }.items()
    ]
    play = playbooks.play(tasks)
    for title in ("nothing", "nobody"):
        assert "none of these options names a cluster" in play.result(title)["msg"]
    assert "file/x.prom can't be written: " in play.result("nowhere")["msg"]
    assert play.result("null")["unread"] == {"c": ["health", "certificates"], "d": ["health"]}
    assert play.result("null")["changed"] is False
    assert ("up", "c") in values(playbooks.folder / "x.prom")
    # Who may read it, such as node_exporter, may read the next one.
    assert (playbooks.folder / "x.prom").stat().st_mode & 0o777 == 0o604


# Alerts and dashboard.

SERIES = {
    "fine": {
        'ontap_ipsec_up{cluster="c",part="health"}': "1+0x300",
        'ontap_ipsec_last_run_timestamp_seconds{cluster="c",part="health"}': "0+60x300",
        # Once a night, of another file.
        'ontap_ipsec_up{cluster="d",part="drift"}': "1+0x300",
        'ontap_ipsec_last_run_timestamp_seconds{cluster="d",part="drift"}': "0+0x300",
        'ontap_ipsec_enabled{cluster="c"}': "1+0x300",
        'ontap_ipsec_policy_peers{cluster="c",svm="s",policy="p",state="established"}': "1+0x300",
        'ontap_ipsec_policy_peers{cluster="c",svm="s",policy="p",state="half_open"}': "0+0x300",
        'ontap_ipsec_certificate_expiry_timestamp_seconds{cluster="c",svm="s",certificate="x"}': "9000000+0x300",
        'ontap_ipsec_certificates_without_expiry{cluster="c"}': "0+0x300",
        'ontap_ipsec_drift{cluster="c"}': "0+0x300",
        'ontap_ipsec_flows_failing{cluster="c"}': "0+0x300",
    }
}
ALERTS: dict[str, tuple[str, str]] = {
    "OntapIpsecNotMeasured": ("ontap_ipsec_up", ""),
    "OntapIpsecMetricsStale": ("ontap_ipsec_last_run_timestamp_seconds", "0+0x300"),
    "OntapIpsecNoLongerMeasured": ('ontap_ipsec_up{cluster="d"', "1+0x60 stale"),
    "OntapIpsecNotRead": ('ontap_ipsec_up{cluster="c"', "0+0x300"),
    "OntapIpsecDisabled": ("ontap_ipsec_enabled", "0+0x300"),
    "OntapIpsecAssociationsLost": ('state="established"', "1+0x100 0+0x200"),
    "OntapIpsecHalfOpen": ('state="half_open"', "3+0x300"),
    "OntapIpsecCertificateExpires": ("ontap_ipsec_certificate_expiry", "2000000+0x300"),
    "OntapIpsecCertificateExpiresSoon": ("ontap_ipsec_certificate_expiry", "500000+0x300"),
    "OntapIpsecCertificateWithoutExpiry": ("ontap_ipsec_certificates_without_expiry", "1+0x300"),
    "OntapIpsecDrift": ("ontap_ipsec_drift", "1+0x300"),
    "OntapIpsecTrafficNotProtected": ("ontap_ipsec_flows_failing", "2+0x300"),
}
"""What makes each alert fire: which series of those that are fine is another one, and which, empty for none."""
BESIDES = {"OntapIpsecCertificateExpiresSoon": {"OntapIpsecCertificateExpires"}}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def test_each_alert_fires_for_what_it_is_about_and_for_nothing_else(tmp_path: Path) -> None:
    promtool("check", "rules", str(MONITORING / "alerts.yml"))
    known = [rule["alert"] for rule in rules()]
    assert known == list(ALERTS)
    cases = []
    for fired, (series, other) in {"": ("", ""), **ALERTS}.items():
        given = {
            name: other if fired and name.startswith(series) or series in name and "=" in series else usual
            for name, usual in SERIES["fine"].items()
        }
        firing = {fired, *BESIDES.get(fired, ())}
        cases.append(
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": value} for name, value in given.items() if value],
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                        "eval_time": "140m",
                        "exp_samples": [{"labels": "{}", "value": 1}] if alert in firing else [],
                    }
                    for alert in known
                ],
            }
        )
    (tmp_path / "cases.yml").write_text(
        yaml.safe_dump({"rule_files": [str(MONITORING / "alerts.yml")], "evaluation_interval": "1m", "tests": cases}),
        encoding="utf-8",
    )
    promtool("test", "rules", str(tmp_path / "cases.yml"))


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(tmp_path: Path) -> None:
    content = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    # Grafana's own types know each key, and keep each value.
    assert _lost(content) == []
    asked = [target["expr"] for panel in content["panels"] for target in panel["targets"]]
    recorded = [
        {"record": f"panel_{number}", "expr": expr.replace("$cluster", ".*")} for number, expr in enumerate(asked)
    ]
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}), encoding="utf-8"
    )
    promtool("check", "rules", str(tmp_path / "rules.yml"))
    texts = [*asked, *(rule["expr"] for rule in rules()), content["templating"]["list"][1]["query"]]
    names = set(re.findall(r"ontap_ipsec_([a-z_]+)", " ".join(texts)))
    assert names <= METRICS.keys()
    guide = (CHECKOUT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `ontap_ipsec_([a-z_]+)`", guide, re.MULTILINE)) == METRICS.keys()


def _lost(content: Any) -> list[str]:
    """The keys and values of a dashboard that Grafana's types do not keep."""
    kept = json.loads(JSONEncoder().encode(Dashboard.from_json(content)))

    def compare(ours: Any, theirs: Any, where: str) -> list[str]:
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return [
                lost
                for key, value in ours.items()
                for lost in (compare(value, theirs[key], f"{where}/{key}") if key in theirs else [f"{where}/{key}"])
            ]
        if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            return [
                lost
                for number, (one, other) in enumerate(zip(ours, theirs, strict=True))
                for lost in compare(one, other, f"{where}/{number}")
            ]
        return [] if ours == theirs else [where]

    return compare(content, kept, "")
