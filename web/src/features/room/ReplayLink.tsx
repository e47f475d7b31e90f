import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { todayQuery } from '@/api/queries.ts';
import { buttonLook } from '@/ui/Button.tsx';

const route = getRouteApi('/signedIn/lesson/$id');

/** The recording of the lesson that has just ended, as soon as the server lists it. */
export function ReplayLink() {
  const { id } = route.useParams();
  const { t } = useTranslation('room');
  const { data } = useQuery({ ...todayQuery, staleTime: 0, refetchInterval: 2_000 });
  const own = (data?.recordings ?? []).filter((one) => one.lessonId === id);
  const latest = own.sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0];
  if (!latest) return null;
  return (
    <Link
      to="/replay/$id"
      params={{ id: latest.id }}
      className={buttonLook('bell', 'l')}
      data-testid="to-replay"
    >
      {t('gate.replay')}
    </Link>
  );
}
