"""Home Assistant and scripts/environment leave the machine as it was."""

import asyncio
from pathlib import Path
import shutil
import stat
import sys
from typing import Final

import pytest

from .helpers.home_assistant import HomeAssistant

ROOT: Final = Path(__file__).parents[1]
NULL: Final = Path("/dev/null")


def null_device() -> tuple[bool, int, int]:
    """Return what distinguishes the null device from a file in its place."""
    found = NULL.stat()
    return stat.S_ISCHR(found.st_mode), found.st_rdev, found.st_ino


@pytest.mark.slow
@pytest.mark.usefixtures("socket_enabled")
async def test_home_assistant_writes_only_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two starts leave no file in the home folder, no temporary file, and the null device unchanged."""
    folders = [tmp_path / name for name in ("home", "temporary", "config")]
    for folder, variable in zip(folders, ("HOME", "TMPDIR", None), strict=True):
        folder.mkdir()
        if variable:
            monkeypatch.setenv(variable, str(folder))
    home, temporary, config = folders
    before = null_device()
    assert before[0]
    instance = HomeAssistant(config)
    async with instance:
        await instance.onboard()
        await instance.stop()
        await instance.start()
    assert null_device() == before
    assert list(home.iterdir()) == []
    assert list(temporary.iterdir()) == []
    assert " ERROR " not in instance.log()


async def test_environment_needs_home_and_path_only(tmp_path: Path) -> None:
    """The script finds Home Assistant with only HOME and PATH set, and writes nothing into HOME."""
    version = Path(pytest.__file__).parents[4].name
    process = await asyncio.create_subprocess_exec(
        *(
            "/usr/bin/env",
            "-i",
            f"HOME={tmp_path}",
            "PATH=/usr/bin:/bin",
            str(ROOT / "scripts" / "environment"),
            version,
        ),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    environment = Path(output.decode().strip())
    assert environment.name == version
    assert (environment / "bin" / "python").exists()
    assert list(tmp_path.iterdir()) == []


async def test_environment_writes_only_into_the_checkout(tmp_path: Path) -> None:
    """Everything that pip and uv leave, temporary files too, is in the checkout."""
    checkout, home, tools = (tmp_path / name for name in ("checkout", "home", "tools"))
    tool_folder = checkout / ".environments" / "tools" / "bin"
    for folder in (checkout / "scripts", home, tools, tool_folder):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "environment", checkout / "scripts")
    (checkout / "requirements_release.txt").write_text("homeassistant==2026.11.0\n")
    (tools / "python3.14").symlink_to(sys.executable)
    uv = tool_folder / "uv"
    # It makes an environment of the interpreter it is given, and leaves a file, as the real one does.
    uv.write_text(
        "#!/bin/sh\n"
        "for last; do :; done\n"
        f'touch "${{TMPDIR:-{tmp_path}}}/left-$1" "${{UV_CACHE_DIR:-$HOME}}/cached-$1" 2>/dev/null\n'
        '[ "$1" != venv ] || { mkdir -p "$last/bin"; ln -s "$(command -v python3.14)" "$last/bin/python"; }\n'
    )
    uv.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *("/usr/bin/env", "-i", f"HOME={home}", f"PATH={tools}:/usr/bin:/bin"),
        *(str(checkout / "scripts" / "environment"), "release"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert Path(output.decode().strip()) == checkout / ".environments" / "release"
    assert {path.name for path in (checkout / ".environments").rglob("left-*")} == {"left-venv", "left-pip"}
    assert list(home.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "home", "tools"]


async def test_tests_leave_no_temporary_files(tmp_path: Path) -> None:
    """The script deletes what pytest leaves, also on a machine with little memory."""
    checkout, home, temporary, tools = (tmp_path / name for name in ("checkout", "home", "temporary", "tools"))
    run = checkout / "environment" / "bin"
    for folder in (checkout / "scripts", home, temporary, tools, run):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "test", checkout / "scripts")
    programs = {
        checkout / "scripts" / "environment": f"echo {run.parent}",
        tools / "df": "printf 'Avail\\n64000\\n'",
        # As pytest does, which keeps the folders of its last runs.
        run
        / "python": f'mkdir "${{PYTEST_DEBUG_TEMPROOT:-$TMPDIR}}/$$" && echo "$PYTEST_DEBUG_TEMPROOT" >>{home}/used',
        **dict.fromkeys((run / name for name in ("ruff", "mypy", "coverage")), "true"),
    }
    for path, command in programs.items():
        path.write_text(f"#!/bin/sh\n{command}\n")
        path.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *("/usr/bin/env", "-i", f"HOME={home}", f"PATH={tools}:/usr/bin:/bin", f"TMPDIR={temporary}"),
        *(str(checkout / "scripts" / "test"), "newest"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    (used,) = {Path(line) for line in (home / "used").read_text().split()}
    assert used.parent == temporary
    assert list(temporary.iterdir()) == []
