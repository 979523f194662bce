"""The generator of the adversarial family: a bar from noise and the bars before it."""

from __future__ import annotations

import keras
from keras import layers, ops

from magenta_bridge.models.tensor import Tensor

# Ids below it begin no note; see ``encodings.pianoroll``.
_FIRST_NOTE = 2
# A logit so low that no draw of single precision ever chooses it.
_NEVER = 60.0
# From these odds on a draw is so rare that a series is more exact than its function.
_RARE_ODDS = 5.0


@keras.saving.register_keras_serializable(package="magenta_bridge")
class BarGenerator(keras.layers.Layer):
    """Turns noise into a bar, step by step; at each step the tracks hear each other.

    Convolutions over the bars before, equal places lying together, tell a recurrent cell
    (Cho et al. 2014) what stands around each step; the cell hears what all tracks did last, and
    each track what those above it do at that very step. A learned gate for each bar before adds
    to the logits of what stood in that place, so that a repeat is one decision. A step is the
    argmax of logits and Gumbel noise, which is a draw from the softmax (Jang et al. 2017,
    section 2), so that a bar is binary by construction and a function of its noise alone.

    Args:
        event_ids: Ids a step chooses among.
        units: Channels, and width of the cell.
        embedding_units: Width of a step's embedding.
        kinds: Kinds of meter.
    """

    def __init__(
        self, event_ids: int, units: int, embedding_units: int, kinds: int = 3, **kwargs: Tensor
    ) -> None:
        super().__init__(**kwargs)
        self._event_ids, self._units, self._kinds = event_ids, units, kinds
        self._words = layers.Embedding(event_ids + 1, embedding_units)
        self._near = layers.Conv1D(units, 3, padding="same", activation="relu")
        self._wide = layers.Conv1D(units, 3, padding="same")
        self._norm = layers.LayerNormalization()
        self._begin = layers.Dense(units, activation="tanh")
        self._feed = layers.Dense(3 * units)
        self._word = layers.Dense(3 * units, use_bias=False)
        self._recur = layers.Dense(3 * units, kernel_initializer="orthogonal")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes what depends on the tracks; ``input_shape`` is that of ``previous``."""
        _, bars, tracks, steps = (int(size or 1) for size in input_shape)
        self._bars, self._tracks, self._steps = bars, tracks, steps
        self._reads = [layers.Dense(self._units, activation="relu") for _ in range(tracks)]
        self._outs = [layers.Dense(self._event_ids) for _ in range(tracks)]
        self._gates = [layers.Dense(bars) for _ in range(tracks)]

    def call(
        self, previous: Tensor, noise: Tensor, meter: Tensor, given: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Makes bars, and in training reads others beside them.

        Args:
            previous: Ids ``(batch, bars, tracks, steps)``; ``event_ids`` before the music.
            noise: ``(rows, steps * tracks * event_ids)``, standard normal, for the last
                ``rows`` of the batch; for all of it but in training.
            meter: ``(batch, kinds)``, one-hot.
            given: Bars ``(batch - rows, tracks, steps, event_ids)``, one-hot: the first of the
                batch are not made but read, and hear these in place of their own choices.

        Returns:
            Scores and choices, ``(batch, tracks, steps, event_ids)`` each. Scores are the logits,
            with their noise where a bar is made. A choice is their argmax, one-hot, with the
            gradient of the softmax ("straight-through", Bengio et al. 2013).
        """
        around, memory = self._listen(previous, meter)
        feeds = self._feed(around)
        copies = ops.one_hot(previous, self._event_ids + 1, dtype=self.compute_dtype)
        copies = copies[..., : self._event_ids]
        drawn = ops.reshape(_gumbel(noise), (-1, self._steps, self._tracks, self._event_ids))
        rows = 0 if given is None else ops.shape(given)[0]
        if given is not None:
            silence = ops.zeros((rows, *drawn.shape[1:]), drawn.dtype)
            drawn = ops.concatenate([silence, drawn])
        opening = self._opening(previous)
        last = ops.reshape(copies[:, -1, :, -1], (-1, self._tracks * self._event_ids))
        scores, choices = [], []
        for step in range(self._steps):
            memory = self._turn(feeds[:, step], last, memory)
            heard = ops.concatenate([memory, around[:, step]], axis=-1)
            for track in range(self._tracks):
                score = self._score(track, heard, copies[:, :, track, step])
                score = score + drawn[:, step, track]
                if step == track == 0:
                    score = score + opening
                choice = _straight(score[rows:])
                if given is not None:
                    choice = ops.concatenate([given[:, track, step], choice])
                heard = ops.concatenate([heard, choice], axis=-1)
                scores.append(score)
                choices.append(choice)
            last = ops.concatenate(choices[-self._tracks :], axis=-1)
        return self._stack(scores), self._stack(choices)

    def _score(self, track: int, heard: Tensor, copies: Tensor) -> Tensor:
        """Returns a track's logits ``(rows, event_ids)``, repeats of earlier bars among them."""
        read = self._reads[track](heard)
        gates = ops.expand_dims(self._gates[track](read), -1)
        return self._outs[track](read) + ops.sum(gates * copies, axis=1)

    def _opening(self, previous: Tensor) -> Tensor:
        """Returns what is added to the first logits, so that music begins with a note."""
        nothing = ops.all(previous == self._event_ids, axis=(1, 2, 3))
        rests = ops.arange(self._event_ids) < _FIRST_NOTE
        silent = ops.logical_and(ops.expand_dims(nothing, 1), ops.expand_dims(rests, 0))
        return ops.cast(ops.where(silent, -_NEVER, 0.0), self.compute_dtype)

    def _listen(self, previous: Tensor, meter: Tensor) -> tuple[Tensor, Tensor]:
        """Returns what stands around each step, and the cell's memory at the bar line."""
        words = self._words(previous)
        width = words.shape[-1]
        beside = ops.reshape(
            ops.transpose(words, (0, 3, 1, 2, 4)),
            (-1, self._steps, self._bars * self._tracks * width),
        )
        clock = ops.repeat(ops.expand_dims(meter, 1), self._steps, axis=1)
        place = ops.eye(self._steps, dtype=self.compute_dtype)[None]
        place = ops.broadcast_to(place, (*ops.shape(beside)[:2], self._steps))
        near = self._near(ops.concatenate([beside, clock, place], axis=-1))
        around = self._norm(near + self._wide(near))
        newest = ops.reshape(words[:, -1], (-1, self._tracks * self._steps * width))
        known = ops.concatenate([newest, ops.mean(near, axis=1), meter], axis=-1)
        return around, self._begin(known)

    def _turn(self, feed: Tensor, last: Tensor, memory: Tensor) -> Tensor:
        """Moves the gated recurrent cell on by one step."""
        keep, reset, new = ops.split(feed + self._word(last), 3, axis=-1)
        keep_memory, reset_memory, new_memory = ops.split(self._recur(memory), 3, axis=-1)
        kept = ops.sigmoid(keep + keep_memory)
        fresh = ops.tanh(new + ops.sigmoid(reset + reset_memory) * new_memory)
        return kept * memory + (1.0 - kept) * fresh

    def _stack(self, parts: list[Tensor]) -> Tensor:
        """Turns ``steps * tracks`` of ``(batch, ids)`` into ``(batch, tracks, steps, ids)``."""
        shape = (-1, self._steps, self._tracks, self._event_ids)
        return ops.transpose(ops.reshape(ops.stack(parts, axis=1), shape), (0, 2, 1, 3))


def _gumbel(noise: Tensor) -> Tensor:
    """Turns standard normal noise into standard Gumbel noise.

    By its distribution function, in the approximation of Page (1977), which is within 0.0002;
    it needs no error function, which LiteRT lacks. LiteRT's softplus loses its digits far below
    zero, so that a series, good to 1e-7, stands for its logarithm there.
    """
    odds = 1.5957691 * noise + 0.0713548 * noise * noise * noise
    rare = ops.exp(-ops.maximum(odds, _RARE_ODDS))
    far = odds + rare / 2.0 - 5.0 * rare * rare / 24.0
    near = -ops.log(ops.softplus(-ops.minimum(odds, _RARE_ODDS)))
    return ops.where(odds > _RARE_ODDS, far, near)


def _straight(scores: Tensor) -> Tensor:
    soft = ops.softmax(scores)
    # Not argmax: Keras's looks at sign bits to order the two zeros, which LiteRT cannot.
    highest = ops.top_k(ops.stop_gradient(scores), 1)[1][..., 0]
    chosen = ops.one_hot(highest, scores.shape[-1], dtype=scores.dtype)
    return soft + ops.stop_gradient(chosen - soft)
