# One image for every role: the command says which (`serve ingress`, `serve api`, `worker`, `migrate`, …).
#
# Python 3.13 is the newest for which every package of uv.lock has a wheel. Nothing is compiled here.
# The extras that settings can need are in the image: `aws` and `timestamps` add 40 MB to 215 MB of libraries.
# PostgreSQL and Valkey are not: the `bundled` extra is for development and tests alone, as `plot` is for reports.

ARG BASE=python:3.13-slim

FROM ${BASE} AS build

# From the same index as everything else, so that no second registry is needed.
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir --disable-pip-version-check "uv==${UV_VERSION}"

# Compiled code that is never checked against its source: an image's layers change the times of files, and
# everything would be compiled again at every start.
ENV UV_COMPILE_BYTECODE=1 \
    PYC_INVALIDATION_MODE=UNCHECKED_HASH \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/faceid-gateway

WORKDIR /src

# The dependencies first: this layer changes with the lock file alone.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-install-project --extra aws --extra timestamps

COPY README.md LICENSE ./
COPY domain domain
COPY usecases usecases
COPY adapters adapters
COPY service service
COPY workers workers
COPY simulator simulator
COPY devstack devstack
COPY cli cli
COPY policies policies
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-editable --extra aws --extra timestamps


FROM ${BASE}

RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin faceid \
    # Where the volumes of spool and pictures are mounted: a new volume takes over owner and rights.
    && install --directory --owner faceid --group faceid --mode 700 /var/lib/faceid/spool /var/lib/faceid/pictures

COPY --from=build /opt/faceid-gateway /opt/faceid-gateway

ENV PATH=/opt/faceid-gateway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

# An empty folder: the settings would read a `.env` from where the process starts.
WORKDIR /app
USER 10001

# ingress, api, simulator
EXPOSE 8028 8080 8081 8090

# The exec form: the role is process 1 and gets SIGTERM itself. Health checks differ by role and stand in
# docker-compose.yml.
ENTRYPOINT ["faceid-gateway"]
