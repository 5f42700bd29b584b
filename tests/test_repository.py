"""Names, versions, workflows and pictures agree across the files of the repository."""

import asyncio
from importlib.metadata import version
import json
from pathlib import Path
import re
import shutil
import struct
from typing import Any, Final
from zipfile import ZipFile

from awesomeversion import AwesomeVersion

from custom_components.axis_people_counter.const import DOMAIN, NAME
import homeassistant.components
from homeassistant.components.brands.const import ALLOWED_IMAGES
from homeassistant.const import __version__ as core_version
from homeassistant.util.yaml import parse_yaml
from scripts.e2e_parts.documentation import PICTURES

ROOT: Final = Path(__file__).parents[1]
INTEGRATION: Final = ROOT / "custom_components" / DOMAIN


def read(path: str) -> str:
    """Return the text of a file in the repository."""
    return (ROOT / path).read_text()


def from_yaml(text: str) -> Any:
    """Return parsed YAML."""
    return parse_yaml(text)


def text_files() -> dict[str, str]:
    """Return all text files of the repository by path, without files that tools make."""
    found: dict[str, str] = {}
    for folder, folders, names in ROOT.walk():
        folders[:] = [
            name
            for name in folders
            if name in (".ci", ".github") or not (name.startswith(".") or name == "__pycache__")
        ]
        for name in names:
            # In a worktree .git is a file.
            if name == ".git" or name.endswith(".png") or name.startswith(".coverage"):
                continue
            path = folder / name
            found[path.relative_to(ROOT).as_posix()] = path.read_text()
    return found


MANIFEST: Final[dict[str, Any]] = json.loads((INTEGRATION / "manifest.json").read_text())
HACS: Final[dict[str, Any]] = json.loads(read("hacs.json"))
README: Final = read("README.md")


# Owner and name


def test_owner_and_name_agree_everywhere() -> None:
    """Find owner and name only in forms that a search and replace finds."""
    match = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", MANIFEST["documentation"])
    assert match
    owner, name = match.groups()
    assert MANIFEST["codeowners"] == [f"@{owner}"]
    assert MANIFEST["issue_tracker"] == f"{MANIFEST['documentation']}/issues"
    known = {
        "link": rf"https://github\.com/{re.escape(owner)}/{re.escape(name)}(?![\w.-])",
        "button": rf"owner={re.escape(owner)}&repository={re.escape(name)}&",
        "code owner": rf'"@{re.escape(owner)}"',
    }
    used: set[str] = set()
    for path, text in text_files().items():
        rest = text
        for form, pattern in known.items():
            rest, count = re.subn(pattern, "", rest)
            if count:
                used.add(form)
        for word in (owner, name):
            assert not re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", rest), f"{word} in {path}"
        # Links to somebody else's repository would be left behind; tests and code need none.
        assert not re.findall(r"github\.com/[\w-]+/[\w-]+", rest), path
        assert not re.findall(r"owner=[\w-]+&", rest), path
    assert used == set(known)


def test_workflows() -> None:
    """Use only known workflow actions; only the release may write."""
    used = set()
    for path in (ROOT / ".github" / "workflows").iterdir():
        workflow = from_yaml(path.read_text())
        assert workflow["permissions"] == {}, path
        for job in workflow["jobs"].values():
            assert job["permissions"] == {"contents": "write" if path.stem == "release" else "read"}, path
            used |= {step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step}
            # A text from outside that is put into a command becomes a part of it.
            for step in job["steps"]:
                assert not re.search(r"\$\{\{(?! *matrix\.)", step.get("run", "")), path
    assert used == {"actions/checkout", "home-assistant/actions/hassfest", "hacs/action"}
    assert "run: bash .ci/run" in read(".github/workflows/test.yml")


def test_form_for_problems() -> None:
    """Ask for what helps, each field under an id of its own. GitHub shows no form at all if a line isn't YAML."""
    form = from_yaml(read(".github/ISSUE_TEMPLATE/bug_report.yml"))
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(isinstance(field["attributes"]["label"], str) for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert {"problem", "integration", "core", "camera", "diagnostics"} <= {field["id"] for field in fields}


def test_unpinned_home_assistant_is_tried_each_week() -> None:
    """Run the demo on the newest release and beta each week."""
    workflow = from_yaml(read(".github/workflows/newest.yml"))
    job = workflow["jobs"]["demo"]
    assert job["strategy"]["matrix"]["version"] == ["latest", "beta"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs == [
        "scripts/demo --${{ matrix.version }} --once",
        "scripts/demo --${{ matrix.version }} --https --once",
    ]
    assert "schedule:" in read(".github/workflows/newest.yml")


def test_dependabot_watches_all_pins_but_the_floor() -> None:
    """Let Dependabot update everything except the lowest release."""
    updates = {one["package-ecosystem"]: one for one in from_yaml(read(".github/dependabot.yml"))["updates"]}
    assert updates.keys() == {"github-actions", "pip"}
    assert updates["pip"]["exclude-paths"] == ["requirements_test_lowest.txt"]


def test_nothing_of_a_machine() -> None:
    """Find no path or package host of the machine it was written on."""
    folders = "work|home|root(?!/usr)|Users|mnt"
    hosts = r"pypi\.org|pythonhosted\.org|npmjs\.|ghcr\.io|(?:deb|security|archive)\.(?:debian|ubuntu)\.|debian\.org"
    for path, text in text_files().items():
        assert not re.findall(rf"(?<![\w.\-/}}])/(?:{folders})/[\w.-]+", text), path
        assert not re.findall(hosts, text), path


def test_licence() -> None:
    """Find the MIT licence with the project's name."""
    licence = read("LICENSE")
    assert licence.startswith("MIT License\n")
    assert f"Copyright (c) 2026 The {NAME} for Home Assistant authors" in licence


# Versions


def test_manifest() -> None:
    """Check the manifest as hassfest and HACS do."""
    assert MANIFEST["domain"] == DOMAIN == INTEGRATION.name
    assert MANIFEST["name"] == NAME == HACS["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    assert AwesomeVersion(MANIFEST["version"]).valid
    assert list(MANIFEST) == ["domain", "name", *sorted(MANIFEST.keys() - {"domain", "name"})]
    assert MANIFEST["single_config_entry"]
    assert MANIFEST["requirements"] == []


def test_hacs() -> None:
    """Check hacs.json: the lowest release, the zip, no unknown keys."""
    assert HACS.keys() == {"name", "homeassistant", "zip_release", "filename"}
    assert re.fullmatch(r"\d{4}\.\d{1,2}\.\d+", HACS["homeassistant"])
    assert f"Home Assistant {HACS['homeassistant']} or later" in README
    assert HACS["zip_release"] is True
    assert HACS["filename"] == f"{DOMAIN}.zip"
    for path in ("scripts/release", ".github/workflows/release.yml"):
        assert HACS["filename"] in read(path), path
    for blueprint in (ROOT / "blueprints").rglob("*.yaml"):
        assert f"min_version: {HACS['homeassistant']}" in blueprint.read_text()


def test_requirements_agree_with_the_floor() -> None:
    """Test on the lowest release of hacs.json, and on a newer one."""
    package = "pytest-homeassistant-custom-component"
    pins = {
        name: re.findall(rf"^{package}==([\d.]+)$", read(f"{name}.txt"), re.MULTILINE)
        for name in ("requirements_test", "requirements_test_lowest")
    }
    ((newest,), (lowest,)) = pins.values()
    assert AwesomeVersion(lowest) < AwesomeVersion(newest)
    floor = AwesomeVersion(HACS["homeassistant"])
    installed = version(package)
    core = AwesomeVersion(core_version)
    assert installed in (newest, lowest)
    assert core >= floor
    assert (core == floor) is (installed == lowest)
    (release,) = re.findall(r"^homeassistant==([\d.]+)$", read("requirements_release.txt"), re.MULTILINE)
    assert AwesomeVersion(release) >= core


def test_requirements_of_the_conversation_agent() -> None:
    """Test with the versions of its packages that Home Assistant installs."""
    constraints = (Path(homeassistant.components.__file__).parents[1] / "package_constraints.txt").read_text()
    for package in ("hassil", "home-assistant-intents"):
        assert f"\n{package}=={version(package)}\n" in constraints, package


def test_version() -> None:
    """Find the manifest's version at the top of the changelog."""
    newest, *_ = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest == MANIFEST["version"]


async def test_release_needs_one_version_everywhere(tmp_path: Path) -> None:
    """Refuse another tag or an old changelog; pack the committed files."""
    integration = tmp_path / "custom_components" / DOMAIN
    integration.mkdir(parents=True)
    (integration / "manifest.json").write_text('{"version": "1.2.3"}')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3\n\n## 1.2.2\n")
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts" / "release", scripts)
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")

    async def run(*command: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate()
        return process.returncode, errors.decode()

    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "Begin")):
        assert await run("git", *command) == (0, "")

    async def release(tag: str) -> tuple[int | None, str]:
        return await run(str(scripts / "release"), tag)

    assert await release("v1.2.4") == (
        1,
        "The tag is v1.2.4, but manifest.json has version 1.2.3: the tag has to be v1.2.3.\n",
    )
    assert await release("v1.2.3") == (0, "")
    with ZipFile(tmp_path / f"{DOMAIN}.zip") as packed:
        assert packed.namelist() == ["manifest.json"]
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.2\n")
    assert await release("v1.2.3") == (1, "The newest section of CHANGELOG.md is about 1.2.2, not about 1.2.3.\n")


def test_home_assistants_insides_are_used_in_one_place() -> None:
    """Import Home Assistant's internals in one module only."""
    insides = r"homeassistant\.(util\.ssl|components\.network\.util|components\.recorder\.tasks)\b"
    using = {path.name for path in INTEGRATION.rglob("*.py") if re.search(insides, path.read_text())}
    assert using == {"core_internals.py"}


def test_quality_scale() -> None:
    """Find each rule of the installed Home Assistant done or explained."""
    known: set[str] = set()
    for path in Path(homeassistant.components.__path__[0]).glob("*/quality_scale.yaml"):
        known |= set(re.findall(r"^  ([a-z-]+):", path.read_text(), re.MULTILINE))
    rules = from_yaml((INTEGRATION / "quality_scale.yaml").read_text())["rules"]
    assert len(known) == 54
    assert rules.keys() == known
    for rule, value in rules.items():
        if value == "done":
            continue
        assert value.keys() == {"status", "comment"}, rule
        assert value["status"] in ("done", "exempt"), rule
        assert len(value["comment"].split()) > 3, rule


# Pictures


def test_brand_images() -> None:
    """Find the pictures of the required sizes, for light and dark."""
    sizes: dict[str, tuple[int, int]] = {}
    for path in (INTEGRATION / "brand").iterdir():
        header = path.read_bytes()[:26]
        assert header.startswith(b"\x89PNG\r\n\x1a\n"), path
        width, height, depth, kind = struct.unpack(">IIBB", header[16:26])
        # Eight bits of red, green, blue and transparency.
        assert (depth, kind) == (8, 6), path
        sizes[path.name] = (width, height)
    assert sizes.keys() <= ALLOWED_IMAGES
    assert sizes["icon.png"] == (256, 256)
    assert sizes["icon@2x.png"] == (512, 512)
    width, height = sizes["logo.png"]
    assert width > height
    assert 128 <= height <= 256
    assert sizes["logo@2x.png"] == (2 * width, 2 * height)
    for name in ("logo.png", "logo@2x.png"):
        assert sizes[f"dark_{name}"] == sizes[name]
    for name in ("icon", "logo"):
        assert "viewBox" in read(f"docs/brand/{name}.svg")


def test_pictures_of_the_documentation() -> None:
    """Show exactly the pictures that scripts/e2e takes, and keep them small."""
    named = {
        name
        for path, text in text_files().items()
        if path.endswith(".md")
        for name in re.findall(r"images/([\w-]+\.png)", text)
    }
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert named == sizes.keys() == set(PICTURES.values())
    assert len(PICTURES) == len(set(PICTURES.values()))
    assert sum(sizes.values()) < 3_000_000
