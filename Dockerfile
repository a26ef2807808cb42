# Three stages: what runs is in the last one, the dependencies and the program in a layer each, so that a release of
# Monarch pushes and pulls a few megabytes. Needs BuildKit (the default since Docker 23).
# Hashes of everything that is installed stand in the locks; addresses of indexes nowhere.
#
# The newest Python with a year of fixes behind it for which every locked package has wheels. To pin its digest:
#   docker build --build-arg PYTHON_IMAGE=python@sha256:... .
ARG PYTHON_IMAGE=python:3.14-slim

FROM ${PYTHON_IMAGE} AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv --without-pip /app \
    && pip --python /app/bin/python install --require-hashes --requirement requirements.lock

FROM dependencies AS program
COPY requirements-build.lock ./
RUN pip install --require-hashes --requirement requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY monarch monarch
# Built with what was just installed, not in isolation, so that nothing unhashed is fetched.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM ${PYTHON_IMAGE}
# The build of a release sets it: --build-arg REVISION=$(git rev-parse HEAD)
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Monarch" \
    org.opencontainers.image.description="Copies a template's tickets into team repositories" \
    org.opencontainers.image.licenses="GPL-2.0-or-later" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin monarch
COPY --from=dependencies /app /app
RUN --mount=type=bind,from=program,source=/wheels,target=/wheels \
    pip --python /app/bin/python install --no-cache-dir --no-deps --no-index /wheels/*.whl
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Inside a container only "on all addresses" can be reached from outside.
ENV MONARCH_WEB_HOST=0.0.0.0
WORKDIR /tmp
USER 10001
# Metrics; health.
EXPOSE 8080 8081
# 503 (a loop has stopped making progress) makes open() raise, so the check fails. It asks this container and no proxy,
# and follows MONARCH_WEB_PORT and MONARCH_WEB_HOST; with port 0 (off) nothing can be asked, and the container counts as
# healthy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-m", "monarch.web.probe"]
# Monarch drains within 10 seconds: give it 15 before SIGKILL.
STOPSIGNAL SIGTERM
ENTRYPOINT ["monarch"]
CMD ["run"]
