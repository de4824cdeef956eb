# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the archive of the collection from what git tracks:  python -m gates.archive [--release] [FOLDER]

It goes to FOLDER, which is dist unless named, and its path is printed. The same commit makes the same bytes, whenever it
is built. Beside it are its checksum, which `sha256sum --check` takes, and a bill of materials (CycloneDX).
--release refuses to build what is no release: the work tree differs from HEAD, HEAD has no tag of the version in
galaxy.yml, or the changelog does not describe that version.
"""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from environment import CHECKOUT
from gates.checkout import copy


def build(folder: Path) -> Path:
    """The archive, made in ``folder`` from the tracked files as they are in the work tree."""
    with tempfile.TemporaryDirectory(prefix="archive-") as scratch:
        source = copy(Path(scratch), untracked=False)
        subprocess.run(
            [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--force", "--output-path", folder],
            cwd=source,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    archive = folder / f"wiresec-ontap-{description()['version']}.tar.gz"
    reproducible(archive, committed())
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(f"{archive.name}.sha256").write_text(f"{checksum}  {archive.name}\n", encoding="ascii")
    materials = archive.with_name(f"{archive.name.removesuffix('.tar.gz')}.cdx.json")
    materials.write_text(bill_of_materials(checksum, committed()), encoding="utf-8")
    return archive


def reproducible(archive: Path, moment: datetime) -> None:
    """Writes an archive of ansible-galaxy anew: members and list of files in order, and all of one ``moment``.

    ansible-galaxy takes files in the order in which the file system has them, and writes the time of the build.
    """
    with tarfile.open(archive) as opened:
        members = {member.name: (member, opened.extractfile(member)) for member in opened}
        contents = {name: stream.read() for name, (_member, stream) in members.items() if stream}
    listed = json.loads(contents["FILES.json"])
    listed["files"].sort(key=lambda one: one["name"])
    contents["FILES.json"] = as_galaxy_writes(listed)
    manifest = json.loads(contents["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(contents["FILES.json"]).hexdigest()
    contents["MANIFEST.json"] = as_galaxy_writes(manifest)
    packed = io.BytesIO()
    # ansible-galaxy reads the manifests before anything else.
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as written:
        for name in sorted(members, key=lambda name: (not name.endswith(".json") or "/" in name, name)):
            member = members[name][0]
            member.mtime = int(moment.timestamp())
            member.size = len(contents.get(name, b""))
            written.addfile(member, io.BytesIO(contents[name]) if name in contents else None)
    archive.write_bytes(gzip.compress(packed.getvalue(), mtime=0))


def as_galaxy_writes(value: Any) -> bytes:
    return json.dumps(value, indent=True).encode()


def bill_of_materials(checksum: str, moment: datetime) -> str:
    """What is in the archive, and what it needs to run, as CycloneDX. checksum: SHA-256 of the archive, in hexadecimal."""
    about = description()
    collection = Component(
        type=ComponentType.APPLICATION,
        group=about["namespace"],
        name=about["name"],
        version=about["version"],
        description=about["description"],
        licenses=[LicenseExpression(about["license"][0])],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)],
        bom_ref=f"{about['namespace']}.{about['name']}",
    )
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, checksum))
    bom.metadata.component = collection
    bom.metadata.timestamp = moment
    needed = []
    for line in (CHECKOUT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            package = Requirement(line)
            needed.append(
                Component(
                    type=ComponentType.LIBRARY,
                    name=package.name,
                    description=f"Not in the archive; {package} has to be where its modules run.",
                    purl=PackageURL("pypi", name=package.name),
                    bom_ref=package.name,
                )
            )
    bom.components.update(needed)
    bom.register_dependency(collection, needed)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def description() -> dict[str, Any]:
    """What galaxy.yml says."""
    return dict(yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8")))


def committed() -> datetime:
    """The time of the commit that is checked out, in UTC."""
    return datetime.fromtimestamp(int(git("log", "-1", "--format=%ct")), UTC)


def obstacles() -> list[str]:
    """Why the work tree is not the release that galaxy.yml names; empty if it is."""
    changelog = CHECKOUT / "changelogs" / "changelog.yaml"
    described = yaml.safe_load(changelog.read_text(encoding="utf-8"))["releases"] if changelog.exists() else {}
    found = []
    version = description()["version"]
    if version not in described:
        found.append(f"changelogs/changelog.yaml does not describe {version}: run antsibull-changelog release.")
    if list(CHECKOUT.glob("changelogs/fragments/*.y*ml")):
        found.append("changelogs/fragments has changes that no release describes.")
    if git("status", "--porcelain", "--untracked-files=no"):
        found.append("The work tree differs from HEAD: commit or undo.")
    if version not in git("tag", "--points-at", "HEAD").split():
        found.append(f"HEAD has no tag {version}.")
    return found


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    arguments = sys.argv[1:]
    if "--release" in arguments:
        arguments.remove("--release")
        if found := obstacles():
            sys.exit("Not a release:\n  " + "\n  ".join(found))
    print(build(Path(*arguments or ["dist"]).absolute()))


if __name__ == "__main__":
    main()
