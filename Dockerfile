# Magenta Bridge in a container. See docs/serving.md for the certificates and the token that it
# wants to be given, and for how to run it.

FROM python:3.12-slim AS build
COPY . /src
WORKDIR /src
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --requirement requirements/base.txt \
    && /venv/bin/pip install --no-cache-dir --no-deps . \
    # note-seq asks for these, and a server needs none of them: half a gigabyte.
    && /venv/bin/pip uninstall --yes \
        bokeh ipython jedi librosa llvmlite numba pandas scikit-learn scipy

FROM python:3.12-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
# No root, and nobody else of the image either; any other number does as well (--user).
USER 10001:10001
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=3 \
    CMD ["magenta-bridge", "health", "--tls-ca", "/certs/ca.crt"]
ENTRYPOINT ["magenta-bridge"]
CMD ["serve", "--host", "0.0.0.0", "--tls-cert", "/certs/server.crt", "--tls-key", "/certs/server.key", "--token-file", "/certs/tokens.txt"]
