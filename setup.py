"""Packaging of Magenta Bridge.

Metadata lives in pyproject.toml. This file holds what TOML cannot say: the top-level folder
``models/`` is installed as ``magenta_bridge.models``, and the built Max for Live devices as
``magenta_bridge.devices``, which holds no Python.
"""

from __future__ import annotations

from setuptools import find_packages, setup

PACKAGES = [
    name
    for name in find_packages(include=["magenta_bridge", "magenta_bridge.*"])
    if not name.startswith("magenta_bridge.models")
]
MODELS = [
    "magenta_bridge.models",
    *(f"magenta_bridge.models.{name}" for name in find_packages("models")),
]

setup(
    packages=[*PACKAGES, *MODELS, "magenta_bridge.devices"],
    package_dir={
        "magenta_bridge": "magenta_bridge",
        "magenta_bridge.models": "models",
        "magenta_bridge.devices": "max_for_live/dist",
    },
    package_data={
        "magenta_bridge": [
            "py.typed",
            "v1/*.pyi",
            "evaluation/report/page.*",
            "client/service_config.json",
        ],
        "magenta_bridge.devices": ["*.amxd", "*.txt", "*/*.amxd", "*/*.js"],
        "magenta_bridge.models": ["**/*.toml", "**/*.md", "**/*.mag", "**/*.png"],
    },
    python_requires=">=3.10,<3.15",
    install_requires=[
        "ai-edge-litert>=2.0",
        "aiohttp>=3.14",
        "click>=8.1",
        # Checks and makes certificates for TLS.
        "cryptography>=44.0",
        "googleapis-common-protos>=1.66",
        # The generated code asks at import for the versions that it was generated with.
        "grpcio>=1.85.1",
        "grpcio-health-checking>=1.85.1",
        "grpcio-reflection>=1.85.1",
        "grpcio-status>=1.85.1",
        "mido>=1.3.3",
        "note-seq>=0.0.5",
        "numpy>=1.26",
        "packaging>=23.2",
        "pillow>=10.4",
        "prometheus-client>=0.21",
        "protobuf>=7.35.1,<8",
        # Two bindings of the same RtMidi: the first has no wheels for Python 3.13 and later.
        "python-rtmidi>=1.5.8; python_version < '3.13'",
        "supriya-midi>=26.10b4; python_version >= '3.13'",
        "rich>=13.7",
        # 0.6.0 broke Synthesizer.render, which renders our audio previews.
        "symusic>=0.5.9,<0.6",
        "tomli>=2.0; python_version < '3.11'",
    ],
    extras_require={
        "train": [
            "tensorflow>=2.19",
            "keras>=3.12",
            # Writes the page of a comparison.
            "jinja2>=3.1",
            "matplotlib>=3.9",
            "optuna>=5.0",
            "scipy>=1.11",
            "tensorboard>=2.20",
        ],
        # Traces of calls; `serve --otel` says what to install where it is missing.
        "otel": [
            "opentelemetry-api>=1.45",
            "opentelemetry-exporter-otlp-proto-grpc>=1.45",
            "opentelemetry-sdk>=1.45",
        ],
        # Ableton Link. The package is free; Link, which it brings along, is under the GPL
        # (version 2 or later), so that nothing but `--clock link` asks for it.
        "link": ["LinkPython-extern>=1.3"],
        "dev": [
            "build>=1.2",
            "buf-bin>=1.50",
            "grpcio-tools==1.85.1",
            "hypothesis>=6.130",
            "import-linter>=2.15",
            # Shows clips in a test, as a notebook does.
            "ipython>=8.18",
            # Training runs on this backend too, and on a GPU there.
            "jax>=0.6",
            # A second program of a Link session, in a test.
            "LinkPython-extern>=1.3",
            # Its metrics stand beside ours in a test; nothing else asks for it.
            "muspy>=0.5.0",
            "mypy>=1.15",
            "mypy-protobuf==5.1.0",
            "pre-commit>=4.0",
            "psutil>=6.0",
            "pytest>=8.3",
            "pytest-asyncio>=0.25",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "ruff>=0.11",
            # Drives Chromium, in which the page of a comparison is looked at.
            "selenium>=4.27",
            "setuptools>=75",
            # So that the tests of MIDI ports run with both bindings of RtMidi.
            "supriya-midi>=26.10b4; python_version >= '3.11'",
            # Makes the certificates of the tests.
            "trustme>=1.2",
            "types-grpcio>=1.0",
            "types-protobuf>=6.0",
            "uv>=0.9",
        ],
    },
    entry_points={
        "console_scripts": [
            "magenta-bridge = magenta_bridge.cli.main:main",
            # The names of Magenta's programs, so that an old command line runs unchanged.
            "magenta_midi = magenta_bridge.cli.midi:magenta_midi",
            "midi_clock = magenta_bridge.cli.midi_clock:main",
        ]
    },
)
