"""TensorBoard shows the history of a run."""

from __future__ import annotations

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from magenta_bridge.training.callbacks import TensorBoardWatcher
from magenta_bridge.training.checkpoint import Progress
from tests.training.tiny_run import Witness


def test_each_epoch_is_a_point_on_each_curve(tmp_path: Path) -> None:
    witness, progress = Witness(), Progress()
    watcher = TensorBoardWatcher(tmp_path, witness)
    watcher.on_batch(0, 1, 2, 100, 3.0)
    for loss in (2.0, 1.5):
        progress.epoch += 1
        progress.record(loss=loss, validation_loss=loss + 1.0)
        watcher.on_epoch(progress)
    assert (witness.epochs, len(witness.batches)) == ([1, 2], 1)
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    for name, expected in (("loss", [2.0, 1.5]), ("validation_loss", [3.0, 2.5])):
        curve = read.Tensors(name)
        assert [point.step for point in curve] == [1, 2]
        assert [point.tensor_proto.float_val[0] for point in curve] == expected
