# Hashed static files are made here, so that nothing is fetched or made at run time.
FROM python:3.13-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/app/staticfiles
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app leadrelay
COPY requirements/uv.txt requirements/base.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && uv pip install --system --no-cache --require-hashes --compile-bytecode -r requirements/base.txt
COPY . .
# collectstatic opens no database; these values have only the right shape and stay in this step.
RUN ENVIRONMENT=local SECRET_KEY=build DATABASE_URL=postgres://build@localhost/build \
    REDIS_URL=redis://localhost FIELD_ENCRYPTION_KEYS=YnVpbGQtb25seS1idWlsZC1vbmx5LWJ1aWxkLW9ubHk= \
    python manage.py collectstatic --noinput --verbosity=0
USER leadrelay
EXPOSE 8000
CMD ["python", "-m", "ops.serve", "web"]
