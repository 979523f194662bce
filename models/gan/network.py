"""Generator and critic as one Keras model whose losses train both at once."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from magenta_bridge.encodings.bars import BAR_STEPS, METER_KINDS
from magenta_bridge.models.gan.critic import Critic
from magenta_bridge.models.gan.generator import BarGenerator
from magenta_bridge.models.tensor import Tensor


@keras.saving.register_keras_serializable(package="magenta_bridge")
class BarGAN(keras.Model):
    """Learns to make a bar of one or more tracks from noise and the bars before it.

    Two lessons at once, as in Muhamed et al. 2021. Real bars are predicted step by step, which
    keeps the generator from forgetting kinds of bars. And bars that it makes from noise go to
    the critic, under the hinge loss (Lim and Ye 2017). They follow generated history, bars that
    the generator itself made earlier: after real bars its own soon look like real
    ones, it is over many bars that it drifts, as no likelihood would show.

    Args:
        event_ids: Ids a step chooses among.
        tracks: Lines that sound together.
        history_bars: Bars the network hears.
        steps: Steps in a bar.
        units: Channels of the generator.
        critic_units: Channels of the critic.
        embedding_units: Width of a step's embedding.
        adversarial_weight: Weight of the critic's loss, relative to nats per step.
    """

    def __init__(  # noqa: PLR0917 - each is a key of a recipe
        self,
        event_ids: int,
        tracks: int = 1,
        history_bars: int = 8,
        steps: int = 16,
        units: int = 192,
        critic_units: int = 64,
        embedding_units: int = 16,
        adversarial_weight: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._config = {
            "event_ids": event_ids, "tracks": tracks, "history_bars": history_bars,
            "steps": steps, "units": units, "critic_units": critic_units,
            "embedding_units": embedding_units, "adversarial_weight": adversarial_weight,
        }  # fmt: skip
        self.event_ids, self.noise_units = event_ids, steps * tracks * event_ids
        self.shape_of_history = (history_bars, tracks, steps)
        self._adversarial_weight = adversarial_weight
        self.generator = BarGenerator(event_ids, units, embedding_units, name="generator")
        self.critic = Critic(critic_units, embedding_units, name="critic")
        self._parts = {
            name: keras.metrics.Mean(name=name) for name in ("critic", "real", "made", "nats")
        }

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**self._config, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> BarGAN:
        """Rebuild a network; archives of earlier versions call the critic's weight otherwise."""
        weight = config.pop("adversity", None)
        return cls(**config if weight is None else {**config, "adversarial_weight": weight})

    def build(self, input_shape: object = None) -> None:  # noqa: ARG002 - Keras's signature
        """Makes all weights by one pass over nothing."""
        if not getattr(self, "built", False):
            previous = ops.zeros((1, *self.shape_of_history), "int32")
            meter = ops.one_hot(ops.zeros((1,), "int32"), METER_KINDS)
            noise = ops.zeros((1, self.noise_units))
            choices = self.generator(previous, noise, meter)[1]
            self.critic(choices, ops.one_hot(previous, self.event_ids), meter, groups=1)
            self.built = True

    def bar_scores(self, previous: Tensor, noise: Tensor, meter: Tensor) -> Tensor:
        """Makes a bar: what is exported.

        Args:
            previous: Ids ``(batch, bars, tracks, steps)``; ``event_ids`` before the music.
            noise: ``(batch, noise_units)``, standard normal.
            meter: ``(batch,)``, kinds of meter.

        Returns:
            Logits with their noise, ``(batch, tracks, steps, event_ids)``; the argmax of each
            step is what the network chose, and what its later steps heard.
        """
        kinds = ops.one_hot(meter, METER_KINDS)
        return self.generator(previous, noise, kinds)[0]

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:
        """Computes the losses of one batch, and adds them for ``fit``.

        Args:
            inputs: ``previous``, ``bar``, ``meter``, ``generated`` (bars in that meter, as
                ``previous``) and ``noise``.
            training: Whether the critic's power iteration moves on.

        Returns:
            The parts of the loss, each ``()``.
        """
        previous, bar = inputs["previous"], inputs["bar"]
        meter = ops.one_hot(inputs["meter"], METER_KINDS)
        real = ops.one_hot(bar, self.event_ids)
        scores, choices = self.generator(
            ops.concatenate([previous, inputs["generated"]]),
            inputs["noise"],
            ops.concatenate([meter, meter]),
            given=real,
        )
        rows = ops.shape(bar)[0]
        predicted, made = scores[:rows], choices[rows:]
        mask = _mask(inputs["meter"], previous.shape[-1])
        bars = [each * ops.expand_dims(mask, -1) for each in (real, made)]
        before = (previous, inputs["generated"])
        parts = self._judge(*bars, before=before, meter=meter, training=training)
        miss = ops.sparse_categorical_crossentropy(bar, predicted, from_logits=True) * mask
        parts["nats"] = ops.sum(miss) / (ops.sum(mask) * previous.shape[-2])
        self.add_loss(
            parts["nats"] + parts["critic"] + self._adversarial_weight * parts.pop("push")
        )
        return parts

    def _judge(
        self,
        real: Tensor,
        made: Tensor,
        *,
        before: tuple[Tensor, Tensor],
        meter: Tensor,
        training: bool,
    ) -> dict[str, Tensor]:
        """Returns the adversarial parts of the loss.

        ``push`` is 0 in value and has no gradient for the critic, which hears the same bars
        twice; for the generator it has the gradient of minus the critic's score. So one
        backward pass trains both, each on its own loss.
        """
        heard, generated = (
            ops.one_hot(each, self.event_ids + 1)[..., : self.event_ids] for each in before
        )
        scores = self.critic(
            ops.concatenate([real, ops.stop_gradient(made), made]),
            ops.concatenate([heard, generated, generated]),
            ops.concatenate([meter] * 3),
            groups=3,
            training=training,
        )
        good, bad, pushed = ops.split(scores, 3)
        hinge = ops.mean(ops.relu(1.0 - good)) + ops.mean(ops.relu(1.0 + bad))
        return {
            "critic": hinge,
            "real": ops.mean(good),
            "made": ops.mean(bad),
            "push": ops.mean(bad) - ops.mean(pushed),
        }

    def compute_metrics(
        self,
        x: object,  # noqa: ARG002 - Keras's signature
        y: object,  # noqa: ARG002
        y_pred: dict[str, Tensor],
        sample_weight: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Keeps the mean of each part of the loss over an epoch."""
        for name, metric in self._parts.items():
            metric.update_state(y_pred[name])
        return dict(self.get_metrics_result())


def _mask(meter: Tensor, steps: int) -> Tensor:
    """Returns 1 for steps that a bar has, ``(batch, 1, steps)``."""
    lengths = ops.take(ops.convert_to_tensor(BAR_STEPS, dtype="int32"), meter)
    return ops.cast(ops.arange(steps)[None, None] < lengths[:, None, None], "float32")


@keras.saving.register_keras_serializable(package="magenta_bridge")
class TwoRateAdam(keras.optimizers.Adam):
    """Adam with a slower critic: two time scales (Heusel et al. 2017)."""

    critic_share = 0.4

    def build(self, variables: list[Tensor]) -> None:
        """Notes which variables are the critic's; a backend may later pass them nameless."""
        self._shares = [
            self.critic_share if "critic/" in f"{each.path}/" else 1.0 for each in variables
        ]
        super().build(variables)

    def update_step(self, gradient: Tensor, variable: Tensor, learning_rate: Tensor) -> None:
        """Updates one variable, the critic's at a share of the rate."""
        share = self._shares[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * share)
