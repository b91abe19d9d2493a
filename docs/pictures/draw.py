"""Draws the pictures of the documents: the real workbench and engine, and a capture of the Flask example.

    python docs/pictures/draw.py            every picture, beside this file
    python docs/pictures/draw.py sides      one of them

A picture is what the keys named below lead to. It is drawn anew where a screen changes; nothing checks that.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GALLERY = ROOT / "scenarios"
CARRY_OVER = GALLERY / "4-same-input-but-another-prediction"
SIZE = (110, 32)
#: Seconds after which a screen is no longer waited for.
PATIENCE = 180.0


@dataclass(frozen=True)
class Picture:
    """Keys after opening a scenario; before each, words that must have appeared (none: the recording)."""

    scenario: Callable[[], Path]
    keys: tuple[tuple[str, str], ...]
    until: str = ""
    size: tuple[int, int] = SIZE


def captured() -> Path:
    """What the recorder saves of the Flask example: two customers, one window, two prices."""
    import numpy as np

    sys.path.insert(0, str(ROOT))
    from examples.flask_server import create_app

    folder = Path(tempfile.mkdtemp(prefix="captures-"))
    app = create_app(CARRY_OVER / "models" / "carry-over.keras", folder)
    window = np.load(CARRY_OVER / "inputs" / "carry-over.npy")[0].tolist()
    for customer in ("customer 7", "customer 8"):
        answer = app.test_client().post(
            "/forecast", json={"window": window}, headers={"X-Customer": customer}
        )
        assert answer.status_code == 200
    (scenario,) = folder.glob("*.yaml")
    # it tells where the model lay: a picture is no place for a path of the machine that drew it
    scenario.write_text(scenario.read_text().replace(str(CARRY_OVER / "models"), "/srv/gold"))
    return scenario


PICTURES = {
    "workbench": Picture(lambda: CARRY_OVER / "1-carry-over.yaml", (("", "end"),)),
    "captured": Picture(captured, (("", "end"),)),
    "finding": Picture(captured, (("", "d"), ("state-carryover", "full_stop")), "Calls"),
    "sides": Picture(
        lambda: CARRY_OVER / "1-carry-over.yaml",
        (("", "r"), ("Reset", "enter"), ("Before", "D"), ("before and after", "enter")),
        "cause: initial state",
    ),
    "laboratory": Picture(lambda: CARRY_OVER / "8-shared-by-threads.yaml", (("", "I"),), "whose states"),
    "history": Picture(lambda: GALLERY / "5-retraining" / "4-fit-each-time.yaml", (("", "H"),), "at most"),
}


async def draw(name: str, picture: Picture) -> None:
    """Open the scenario, press the keys, and write the screen."""
    from lstm_tui.engine.client import EngineProcess
    from lstm_tui.performing.opening import open_scenario
    from lstm_tui.tui.app import Workbench

    with EngineProcess() as engine:
        app = Workbench(open_scenario(picture.scenario()), engine=engine)
        async with app.run_test(size=picture.size) as pilot:

            async def shown(words: str) -> None:
                for _ in range(int(PATIENCE / 0.1)):
                    strips = app.screen._compositor.render_strips()
                    text = "\n".join(strip.text for strip in strips)
                    recorded = app.session is not None and app.session.run is not None
                    if words in text if words else recorded:
                        return
                    await pilot.pause(0.1)
                raise SystemExit(f"{name}: {words!r} did not appear:\n{text}")

            for words, key in picture.keys:
                await shown(words)
                await pilot.press(key)
                await pilot.pause(0.5)
            await shown(picture.until)
            await pilot.pause(1.5)
            (HERE / f"{name}.svg").write_text(app.export_screenshot(title=f"lstm-tui · {name}"))
            app.link.close()
    print(f"drew {name}")


def main() -> None:
    """Draw what is asked for, in a place of its own for settings and unsaved work."""
    place = Path(tempfile.mkdtemp(prefix="pictures-"))
    os.environ |= {
        **tensorflow_environment(EngineOptions()),
        "LSTM_TUI_STATE": str(place / "state"),
        "LSTM_TUI_SETTINGS": str(place / "settings.toml"),
        "COLORTERM": "truecolor",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }
    for name in sys.argv[1:] or PICTURES:
        asyncio.run(draw(name, PICTURES[name]))


if __name__ == "__main__":
    main()
