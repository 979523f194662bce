"""Generator and critic as one Keras model whose losses train both at once."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from magenta_bridge.models.gan.critic import Critic
from magenta_bridge.models.gan.generator import BarEncoder, BarGenerator
from magenta_bridge.models.tensor import Tensor

# Steps of a bar that count, for each kind of meter; see ``encodings.pianoroll.meter_kind``.
_BAR_STEPS = (16, 12, 12)


@keras.saving.register_keras_serializable(package="magenta_bridge")
class BarGAN(keras.Model):
    """Learns to make a bar of one or more tracks from noise and the bars before it.

    A conditional VAE-GAN (Larsen et al. 2016): a bar made from drawn noise goes to the critic,
    under the hinge loss (Lim and Ye 2017); a bar made from the noise that an encoder finds in a
    real bar must be that bar. The first makes the music lifelike, the second keeps the
    generator from forgetting kinds of bars. A step is the argmax of its logits, with the
    softmax's gradient ("straight-through", Bengio et al. 2013): binary by construction.

    Args:
        event_ids: Ids a step chooses among.
        tracks: Lines that sound together.
        history_bars: Bars the network hears.
        steps: Steps in a bar.
        noise_units: Length of the noise.
        units: Channels of generator and critic.
        blocks: Residual blocks of the generator.
        embedding_units: Width of a step's embedding.
        divergence: Weight of the noise's Kullback-Leibler divergence from the normal.
        adversity: Weight of the critic's word for the generator.
    """

    def __init__(  # noqa: PLR0917 - each is a key of a recipe
        self,
        event_ids: int,
        tracks: int = 1,
        history_bars: int = 4,
        steps: int = 16,
        noise_units: int = 32,
        units: int = 128,
        blocks: int = 3,
        embedding_units: int = 24,
        divergence: float = 0.5,
        adversity: float = 0.3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._config = {
            "event_ids": event_ids, "tracks": tracks, "history_bars": history_bars,
            "steps": steps, "noise_units": noise_units, "units": units, "blocks": blocks,
            "embedding_units": embedding_units, "divergence": divergence, "adversity": adversity,
        }  # fmt: skip
        self.event_ids, self.noise_units = event_ids, noise_units
        self.shape_of_history = (history_bars, tracks, steps)
        self._weights = (divergence, adversity)
        self.generator = BarGenerator(event_ids, units, blocks, embedding_units, name="generator")
        self.encoder = BarEncoder(event_ids, noise_units, units, embedding_units, name="encoder")
        self.critic = Critic(units, embedding_units, name="critic")
        names = ("critic", "real", "made", "rebuilt", "divergence")
        self._parts = {name: keras.metrics.Mean(name=name) for name in names}

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**self._config, "name": self.name}

    def build(self, input_shape: object = None) -> None:  # noqa: ARG002 - Keras's signature
        """Makes all weights by one pass over nothing."""
        if not getattr(self, "built", False):
            history = self.shape_of_history
            blank = {
                "previous": ops.zeros((2, *history), "int32"),
                "bar": ops.zeros((2, *history[1:]), "int32"),
                "meter": ops.zeros((2,), "int32"),
                "noise": ops.zeros((2, self.noise_units)),
                "spare": ops.zeros((2, self.noise_units)),
            }
            self.call(blank)
            self.built = True

    def bar_logits(self, previous: Tensor, noise: Tensor, meter: Tensor) -> Tensor:
        """Makes a bar: what is exported.

        Args:
            previous: Ids ``(batch, bars, tracks, steps)``; ``event_ids`` before the music.
            noise: ``(batch, noise_units)``.
            meter: ``(batch,)``, kinds of meter.

        Returns:
            Logits ``(batch, tracks, steps, event_ids)``.
        """
        return self.generator(previous, noise, ops.one_hot(meter, len(_BAR_STEPS)))

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:
        """Computes the losses of one batch, and adds them for ``fit``.

        Args:
            inputs: ``previous``, ``bar``, ``meter``, ``noise``, and ``spare`` noise.
            training: Whether the critic's power iteration moves on.

        Returns:
            The parts of the loss, each ``()``.
        """
        previous, bar = inputs["previous"], inputs["bar"]
        meter = ops.one_hot(inputs["meter"], len(_BAR_STEPS))
        mean, spread = self.encoder(previous, bar)
        found = mean + ops.exp(0.5 * spread) * inputs["spare"]
        twice = self.generator(
            ops.concatenate([previous, previous]),
            ops.concatenate([found, inputs["noise"]]),
            ops.concatenate([meter, meter]),
        )
        rebuilt, made = ops.split(twice, 2, axis=0)
        mask = _mask(inputs["meter"], previous.shape[-1])
        chosen = _straight(made, self.event_ids)
        parts = self._judge(bar, chosen, mask, previous=previous, meter=meter, training=training)
        miss = ops.sparse_categorical_crossentropy(bar, rebuilt, from_logits=True)
        parts["rebuilt"] = ops.mean(ops.sum(miss * mask, axis=(1, 2)))
        gap = ops.square(mean) + ops.exp(spread) - spread - 1.0
        parts["divergence"] = 0.5 * ops.mean(ops.sum(gap, axis=-1))
        drift, adversity = self._weights
        bound = (parts["rebuilt"] + drift * parts["divergence"]) / previous.shape[-1]
        self.add_loss(parts["critic"] + adversity * parts.pop("push") + bound)
        return parts

    def _judge(
        self,
        bar: Tensor,
        made: Tensor,
        mask: Tensor,
        *,
        previous: Tensor,
        meter: Tensor,
        training: bool,
    ) -> dict[str, Tensor]:
        """Returns the adversarial parts of the loss.

        ``push`` is 0 in value and has no gradient for the critic, which hears the same bars
        twice; for the generator it has the gradient of minus the critic's score. So one
        backward pass trains both, each on its own loss.
        """
        real = ops.one_hot(bar, self.event_ids)
        shown = [real, ops.stop_gradient(made), made]
        masked = ops.concatenate(shown) * ops.expand_dims(ops.concatenate([mask] * 3), -1)
        heard = ops.one_hot(previous, self.event_ids + 1)[..., : self.event_ids]
        scores = self.critic(
            masked,
            ops.concatenate([heard] * 3),
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


def _straight(logits: Tensor, ids: int) -> Tensor:
    """Returns one-hot choices with the gradient of the softmax."""
    soft = ops.softmax(logits)
    return soft + ops.stop_gradient(ops.one_hot(ops.argmax(logits, axis=-1), ids) - soft)


def _mask(meter: Tensor, steps: int) -> Tensor:
    """Returns 1 for steps that a bar has, ``(batch, 1, steps)``."""
    lengths = ops.take(ops.convert_to_tensor(_BAR_STEPS, dtype="int32"), meter)
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
