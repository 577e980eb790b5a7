"""The docs' screenshots can be taken: one scene in each scheme, wide and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageStat
from playwright.async_api import async_playwright

from docs.chromium import LAUNCH
from docs.screenshots import SCENES, take_pictures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(LAUNCH["executable_path"] is None, reason="chromium isn't installed"),
]


async def test_a_scene_is_shown_in_each_scheme_and_layout(tmp_path: Path) -> None:
    (scene,) = [one for one in SCENES if one.name == "announcement"]
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(**LAUNCH) as browser,
    ):
        await take_pictures(scene, browser, tmp_path)
    assert_shows_both_schemes(tmp_path, [scene.name + one.suffix for one in scene.layouts])


def assert_shows_both_schemes(folder: Path, names: list[str]) -> None:
    pictures = {file.stem: Image.open(file).convert("L") for file in folder.iterdir()}
    brightness = {name: ImageStat.Stat(image).mean[0] for name, image in pictures.items()}
    assert set(pictures) == {f"{name}-{scheme}" for name in names for scheme in ("dark", "light")}
    for name in names:
        assert brightness[f"{name}-dark"] < 90
        assert brightness[f"{name}-light"] > 200
        assert pictures[f"{name}-dark"].size == pictures[f"{name}-light"].size
