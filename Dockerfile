FROM python:3.13-slim AS build
WORKDIR /build
COPY bootstrap.lock requirements.lock ./
RUN python -m venv /opt/blindmark \
 && /opt/blindmark/bin/pip install --no-cache-dir --require-hashes -r bootstrap.lock \
 && /opt/blindmark/bin/uv pip install --no-cache --python /opt/blindmark/bin/python --require-hashes -r requirements.lock
COPY . /build/source
RUN python -m venv /opt/backend \
 && /opt/backend/bin/pip install --no-cache-dir hatchling \
 && cd source && /opt/backend/bin/python -m hatchling build -t wheel -d /build/dist \
 && /opt/blindmark/bin/uv pip install --no-cache --python /opt/blindmark/bin/python --no-deps /build/dist/*.whl

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 blindmark && mkdir /data && chown blindmark /data
COPY --from=build /opt/blindmark /opt/blindmark
ENV PATH=/opt/blindmark/bin:$PATH BLINDMARK_DATA_DIR=/data PYTHONUNBUFFERED=1
USER blindmark
VOLUME /data
EXPOSE 8800
CMD ["blindmark", "serve", "--host", "0.0.0.0", "--port", "8800"]
