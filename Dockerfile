# Two stages: the first has what is needed to build, the second only what is needed to run.
# Hashes of everything that is installed stand in the locks; addresses of indexes nowhere.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The dependencies first: they change more rarely than the code, and this layer is kept until they do.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /app \
    && /app/bin/pip install --require-hashes --requirement requirements.lock \
    && pip install --require-hashes --requirement requirements-build.lock
COPY pyproject.toml LICENSE ./
COPY monarch monarch
# Built with what was just installed, not in isolation, so that nothing unhashed is fetched.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /app/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin monarch
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Inside a container only "on all addresses" can be reached from outside.
ENV MONARCH_WEB_HOST=0.0.0.0
WORKDIR /tmp
USER 10001
# Metrics; health and the page.
EXPOSE 8080 8081
# 503 (a loop has stopped making progress) makes urlopen raise, so the check fails. A different
# MONARCH_WEB_PORT is followed; with 0 (off) there is nobody to ask, and the container counts as healthy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; p = os.environ.get('MONARCH_WEB_PORT') or '8081'; p == '0' or r.urlopen(f'http://127.0.0.1:{p}/health', timeout=4)"]
# Monarch drains within 10 seconds: give it 15 before SIGKILL.
STOPSIGNAL SIGTERM
ENTRYPOINT ["monarch"]
CMD ["run"]
