# The bases are arguments, so that a mirror's or an organisation's own images take their place.
ARG NODE_IMAGE=node:20-bookworm-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# The viewer's libraries and basemap, from npm.
FROM ${NODE_IMAGE} AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY web/ ./
RUN npm run vendor

# The locked dependencies and the project itself, in an environment that is copied as a whole.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/tileserver
WORKDIR /src
COPY requirements.txt ./
RUN /opt/tileserver/bin/pip install --no-deps --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY tileserver/ tileserver/
COPY colormaps/ colormaps/
COPY web/ web/
COPY --from=web /src/web/vendor/ web/vendor/
RUN /opt/tileserver/bin/pip install --no-deps .

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="tileserver" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 tileserver \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tileserver
COPY --from=build /opt/tileserver/ /opt/tileserver/
# matplotlib wants a folder that it may write to; the file system itself may be read-only.
ENV PATH=/opt/tileserver/bin:$PATH PYTHONUNBUFFERED=1 MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('TILESERVER_PORT', '8080')}/healthz\", timeout=4)"]
ENTRYPOINT ["tileserver"]
CMD ["serve", "--host", "0.0.0.0"]
