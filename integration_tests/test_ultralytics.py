"""ultralytics itself, on pictures that are made here. Run by `make test-integrations`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from tests.integrations.conftest import Reports
from ultralytics import YOLO
from ultralytics.engine.trainer import BaseTrainer

from synapse_sdk.integrations._context import get_autolog_context

pytestmark = pytest.mark.filterwarnings("ignore")
#: A square in the middle: as a box, as an outline, as a box with its four corners.
BOX = "0 0.5 0.5 0.5 0.5"
OUTLINE = "0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75"
CORNERS = f"{BOX} 0.25 0.25 2 0.75 0.25 2 0.75 0.75 2 0.25 0.75 2"


def draw(file: Path, colour: str) -> None:
    picture = Image.new("RGB", (64, 64), "black")
    ImageDraw.Draw(picture).rectangle((16, 16, 48, 48), fill=colour)
    picture.save(file)


@pytest.fixture
def squares(tmp_path: Path) -> Any:
    """Make a dataset of labelled squares."""

    def make(label: str, more: str = "") -> Path:
        for split in ("train", "val"):
            for kind in ("images", "labels"):
                (tmp_path / kind / split).mkdir(parents=True)
            for number in range(4):
                draw(tmp_path / "images" / split / f"{number}.png", "red")
                (tmp_path / "labels" / split / f"{number}.txt").write_text(label + "\n")
        described = tmp_path / "dataset.yaml"
        described.write_text(
            f"path: {tmp_path}\ntrain: images/train\nval: images/val\nnames: {{0: square}}\n{more}"
        )
        return described

    return make


def train(reports: Reports, tmp_path: Path, architecture: str, data: Path, **options: Any) -> None:
    def execute(action: Any) -> dict[str, Any]:
        action.autolog("ultralytics")
        YOLO(architecture).train(
            data=str(data),
            epochs=2,
            imgsz=64,
            batch=4,
            device="cpu",
            workers=0,
            amp=False,
            project=str(tmp_path / "runs"),
            verbose=False,
            **options,
        )
        context = get_autolog_context()
        assert context is not None
        return {"weights": context.extra["weights_dir"]}

    result = reports.action(execute).run()

    assert "could not report" not in " ".join(reports.texts())
    assert (Path(result["weights"]) / "last.pt").is_file()
    assert reports.last_progress() == (2, 2)
    assert len(reports.metrics("train")) == len(reports.metrics("validation")) == 2


def test_detection(reports: Reports, tmp_path: Path, squares: Any) -> None:
    train(reports, tmp_path, "yolov8n.yaml", squares(BOX), plots=True)

    assert reports.metrics("train")[0].keys() >= {"box_loss", "cls_loss", "dfl_loss"}
    assert reports.metrics("validation")[0].keys() >= {"mAP50", "mAP50_95", "precision", "recall"}
    pictures = [event.body for event in reports.sink.of_kind("log") if event.name == "visualization"]
    assert 1 <= len(pictures) <= 6
    assert all(Path(body["file"]).is_file() for body in pictures if body)


def test_segmentation(reports: Reports, tmp_path: Path, squares: Any) -> None:
    train(reports, tmp_path, "yolov8n-seg.yaml", squares(OUTLINE), plots=False)

    assert "seg_loss" in reports.metrics("train")[0]
    assert reports.metrics("validation")[0].keys() >= {"mAP50", "mask_mAP50", "mask_mAP50_95"}


def test_pose(reports: Reports, tmp_path: Path, squares: Any) -> None:
    data = squares(CORNERS, "kpt_shape: [4, 3]\nflip_idx: [1, 0, 3, 2]\n")
    train(reports, tmp_path, "yolov8n-pose.yaml", data, plots=False)

    assert "pose_loss" in reports.metrics("train")[0]
    assert reports.metrics("validation")[0].keys() >= {"mAP50", "pose_mAP50", "pose_mAP50_95"}


def test_classification(reports: Reports, tmp_path: Path) -> None:
    data = tmp_path / "colours"
    for split in ("train", "val"):
        for colour in ("red", "blue"):
            (data / split / colour).mkdir(parents=True)
            for number in range(3):
                draw(data / split / colour / f"{number}.png", colour)

    train(reports, tmp_path, "yolov8n-cls.yaml", data, plots=False)

    assert "loss" in reports.metrics("train")[0]
    assert reports.metrics("validation")[0].keys() >= {"accuracy_top1", "accuracy_top5"}


def test_nothing_stays_patched(reports: Reports) -> None:
    before = dict(vars(BaseTrainer))

    reports.action(lambda action: action.autolog("ultralytics")).run()

    assert dict(vars(BaseTrainer)) == before
