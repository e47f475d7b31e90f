import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { lookAtLink, signInByLink } from '@/api/generated/sdk.gen.ts';
import { Problem } from '@/api/problem.ts';
import { Failure } from '@/parts/Failure.tsx';
import { Avatar } from '@/ui/Avatar.tsx';
import { Button, buttonLook } from '@/ui/Button.tsx';
import { ErrorState } from '@/ui/ErrorState.tsx';
import { Skeleton, SkeletonGroup } from '@/ui/Skeleton.tsx';
import styles from './Frame.module.css';
import { Frame } from './Frame.tsx';
import { ProblemNote } from './ProblemNote.tsx';
import { useArrive } from './useArrive.ts';

const route = getRouteApi('/l/$token');

const isSpent = (failure: unknown) => failure instanceof Problem && failure.code === 'link_invalid';

function Spent() {
  const { t } = useTranslation('signin');
  const { t: common } = useTranslation();
  const other = (
    <>
      <Link to="/" className={buttonLook('quiet')}>
        {common('toToday')}
      </Link>
      <Link to="/sign-in" search={{}} className={buttonLook('plain')}>
        {t('byPassword')}
      </Link>
    </>
  );
  return <ErrorState icon="link" title={t('spent.title')} text={t('spent.text')} action={other} />;
}

/** Looking does not use the link up: messengers open links by themselves to draw previews. The button does. */
export default function LinkPage() {
  const { t } = useTranslation('signin');
  const { token } = route.useParams();
  const arrive = useArrive();
  const enter = useMutation({
    mutationFn: () => ask(signInByLink({ body: { token } })),
    onSuccess: (answer) => arrive(answer.next),
  });
  const look = useQuery({
    queryKey: ['link', token],
    queryFn: () => ask(lookAtLink({ body: { token } })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: enter.isIdle, // once pressed the link is used up, and looking would only say so
  });
  if (isSpent(look.error) || isSpent(enter.error)) {
    return (
      <Frame title={t('linkTitle')}>
        <Spent />
      </Frame>
    );
  }
  return (
    <Frame title={t('linkTitle')}>
      {look.isPending && (
        <SkeletonGroup label={t('looking')}>
          <Skeleton height={88} />
          <Skeleton height={56} />
        </SkeletonGroup>
      )}
      {look.isError && (
        <Failure failure={look.error} onRetry={() => void look.refetch()} busy={look.isFetching} alone />
      )}
      {look.isSuccess && (
        <>
          <div className={styles.who}>
            <Avatar name={look.data.name} size={64} />
            <span>
              <strong>{look.data.name}</strong>
              <span>{look.data.school}</span>
            </span>
          </div>
          <ProblemNote failure={enter.error} />
          <Button look="bell" size="l" wide busy={enter.isPending} onClick={() => enter.mutate()}>
            {t('enterAs')}
          </Button>
          <p className={styles.note}>{t('notYou')}</p>
        </>
      )}
    </Frame>
  );
}
