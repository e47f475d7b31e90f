import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Problem } from '@/api/problem.ts';
import { recordingQuery } from '@/api/queries.ts';
import { Failure } from '@/parts/Failure.tsx';
import { Shell } from '@/parts/Shell.tsx';
import { buttonLook } from '@/ui/Button.tsx';
import { ErrorState } from '@/ui/ErrorState.tsx';
import { Skeleton, SkeletonGroup } from '@/ui/Skeleton.tsx';
import styles from './Page.module.css';
import { Watch } from './Watch.tsx';

const route = getRouteApi('/signedIn/replay/$id');

const isGone = (failure: unknown) =>
  failure instanceof Problem && (failure.code === 'not_found' || failure.code === 'forbidden');

function Gone() {
  const { t } = useTranslation('replay');
  const { t: common } = useTranslation();
  const home = (
    <Link to="/" className={buttonLook('act')}>
      {common('toToday')}
    </Link>
  );
  return <ErrorState icon="trash" title={t('gone.title')} text={t('gone.text')} action={home} />;
}

export default function Page() {
  const { t } = useTranslation('replay');
  const { id } = route.useParams();
  const recording = useQuery(recordingQuery(id));
  return (
    <Shell wide>
      <title>{recording.data ? t('pageTitle', { title: recording.data.title }) : t('title')}</title>
      {recording.isPending && (
        <SkeletonGroup label={t('loading')}>
          <Skeleton className={styles.screen} height="auto" />
          <Skeleton height={32} width="50%" />
        </SkeletonGroup>
      )}
      {isGone(recording.error) ? (
        <Gone />
      ) : recording.data ? (
        <Watch key={id} recording={recording.data} />
      ) : (
        recording.isError && (
          <Failure
            failure={recording.error}
            onRetry={() => void recording.refetch()}
            busy={recording.isFetching}
          />
        )
      )}
    </Shell>
  );
}
