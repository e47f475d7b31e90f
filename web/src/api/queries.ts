import { QueryClient, queryOptions } from '@tanstack/react-query';
import { ask } from './ask.ts';
import { getDoors, getLesson, getMe, getRecording, getToday, listPeople } from './generated/sdk.gen.ts';
import { mayPass } from './problem.ts';

const second = 1000; // ms

/**
 * One per page. "always": a school's server is reachable on the local network when the browser says that the
 * internet is not.
 */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        staleTime: 10 * second,
        retry: (failures, failure) => failures < 2 && mayPass(failure),
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => ask(getMe()),
  staleTime: 300 * second,
});

/** Asked again while it is looked at: lessons begin, people come in, recordings get ready. */
export const todayQuery = queryOptions({
  queryKey: ['today'],
  queryFn: () => ask(getToday()),
  refetchInterval: 10 * second,
});

export const lessonQuery = (id: string) =>
  queryOptions({
    queryKey: ['lesson', id],
    queryFn: () => ask(getLesson({ path: { id } })),
  });

/** Whoever comes and goes is told by the room; a colleague's new door is asked for. */
export const doorsQuery = (lesson: string) =>
  queryOptions({
    queryKey: ['doors', lesson],
    queryFn: () => ask(getDoors({ path: { id: lesson } })),
    refetchInterval: 10 * second,
  });

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: () => ask(listPeople()),
});

/** Asked again until the recording is whole: its end, chapters and chat still grow. */
export const recordingQuery = (id: string) =>
  queryOptions({
    queryKey: ['recording', id],
    queryFn: () => ask(getRecording({ path: { id } })),
    refetchInterval: (query) => (query.state.data?.state === 'ready' ? false : 5 * second),
  });
