import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Problem } from '@/api/problem.ts';
import { Failure } from '@/parts/Failure.tsx';
import { Button, buttonLook } from '@/ui/Button.tsx';
import { ErrorState } from '@/ui/ErrorState.tsx';
import { Skeleton, SkeletonGroup } from '@/ui/Skeleton.tsx';
import styles from './errors.module.css';

/** What a page shows when it cannot be shown: a refused request with its words, or our own mistake. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  if (error instanceof Problem) {
    const retry = () => {
      reset();
      void router.invalidate();
    };
    return (
      <main className={styles.middle}>
        <Failure failure={error} onRetry={retry} />
      </main>
    );
  }
  const reload = (
    <Button look="act" icon="retry" onClick={() => window.location.reload()}>
      {t('reload')}
    </Button>
  );
  return (
    <main className={styles.middle}>
      <ErrorState title={t('crash.title')} text={t('crash.text')} action={reload} />
    </main>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  const home = (
    <Link to="/" className={buttonLook('act')}>
      {t('toToday')}
    </Link>
  );
  return (
    <main className={styles.middle}>
      <ErrorState icon="search" title={t('notFound.title')} text={t('notFound.text')} action={home} />
    </main>
  );
}

/** Stands in for any page whose code or person is still on the way. */
export function PageSkeleton() {
  const { t } = useTranslation();
  return (
    <main className={styles.wait}>
      <SkeletonGroup label={t('loading')}>
        <Skeleton width={200} height={36} />
        <Skeleton height={160} />
        <Skeleton height={64} />
        <Skeleton height={64} />
      </SkeletonGroup>
    </main>
  );
}
