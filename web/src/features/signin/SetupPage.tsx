import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { lookAtSetup } from '@/api/generated/sdk.gen.ts';
import { Problem } from '@/api/problem.ts';
import { Failure } from '@/parts/Failure.tsx';
import { ErrorState } from '@/ui/ErrorState.tsx';
import { Skeleton, SkeletonGroup } from '@/ui/Skeleton.tsx';
import { Frame } from './Frame.tsx';
import { KeyBackup } from './KeyBackup.tsx';
import { SetupForm } from './SetupForm.tsx';
import { useArrive } from './useArrive.ts';

const route = getRouteApi('/setup/$token');

/** Once in a server's life: the school and its first admin, then the key without which recordings cannot be opened. */
export default function SetupPage() {
  const { t } = useTranslation('signin');
  const { token } = route.useParams();
  const arrive = useArrive();
  const [backup, setBackup] = useState<string>();
  const look = useQuery({
    queryKey: ['setup', token],
    queryFn: () => ask(lookAtSetup({ body: { token } })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: backup === undefined,
  });
  if (backup !== undefined) {
    return (
      <Frame title={t('backup.title')} lead={t('backup.lead')}>
        <KeyBackup backup={backup} onDone={() => arrive('/school')} />
      </Frame>
    );
  }
  if (look.error instanceof Problem && look.error.code === 'link_invalid') {
    return (
      <Frame title={t('setup.title')}>
        <ErrorState icon="link" title={t('setup.spentTitle')} text={t('setup.spentText')} />
      </Frame>
    );
  }
  return (
    <Frame title={t('setup.title')} lead={t('setup.lead')}>
      {look.isPending && (
        <SkeletonGroup label={t('looking')}>
          <Skeleton height={200} />
        </SkeletonGroup>
      )}
      {look.isError && (
        <Failure failure={look.error} onRetry={() => void look.refetch()} busy={look.isFetching} alone />
      )}
      {look.isSuccess && <SetupForm token={token} onDone={setBackup} />}
    </Frame>
  );
}
