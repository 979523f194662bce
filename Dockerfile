# Magenta Bridge in a container. docs/serving.md says how to run it, and which certificates and
# tokens it requires.

FROM python:3.12-slim AS build
COPY . /src
WORKDIR /src
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --requirement requirements/base.txt \
    && /venv/bin/pip install --no-cache-dir --no-deps . \
    # note-seq requires these packages, but a server does not use them: half a gigabyte.
    && /venv/bin/pip uninstall --yes \
        bokeh ipython jedi librosa llvmlite numba pandas scikit-learn scipy

FROM python:3.12-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
# An unprivileged user; any other ID works, too (--user).
USER 10001:10001
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=3 \
    CMD ["magenta-bridge", "health", "--tls-ca", "/certs/ca.crt"]
ENTRYPOINT ["magenta-bridge"]
CMD ["serve", "--host", "0.0.0.0", "--tls-cert", "/certs/server.crt", "--tls-key", "/certs/server.key", "--token-file", "/certs/tokens.txt"]
