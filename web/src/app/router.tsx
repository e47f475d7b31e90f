import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Problem } from '@/api/problem.ts';
import { meQuery, newQueryClient } from '@/api/queries.ts';
import { NotFound, PageFailure, PageSkeleton } from './errors.tsx';
import { Root } from './Root.tsx';

export const queryClient = newQueryClient();

const isSignedOut = (failure: unknown) => failure instanceof Problem && failure.code === 'signed_out';

const root = createRootRouteWithContext<{ queryClient: typeof queryClient }>()({ component: Root });

/** A `next` that is absent stays absent in the address bar. */
const nextOf = (search: Record<string, unknown>): { next?: string } =>
  typeof search.next === 'string' ? { next: search.next } : {};

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: nextOf,
  component: lazyRouteComponent(() => import('@/features/signin/Page.tsx')),
});

const link = createRoute({
  getParentRoute: () => root,
  path: '/l/$token',
  component: lazyRouteComponent(() => import('@/features/signin/LinkPage.tsx')),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup/$token',
  component: lazyRouteComponent(() => import('@/features/signin/SetupPage.tsx')),
});

/** Everything below needs a person; whoever is not signed in comes back here afterwards. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signedIn',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(meQuery);
    } catch (failure) {
      if (!isSignedOut(failure)) throw failure;
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
    }
  },
});

const today = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/today/Page.tsx')),
});

const lesson = createRoute({
  getParentRoute: () => signedIn,
  path: '/lesson/$id',
  component: lazyRouteComponent(() => import('@/features/room/Page.tsx')),
});

const replay = createRoute({
  getParentRoute: () => signedIn,
  path: '/replay/$id',
  component: lazyRouteComponent(() => import('@/features/replay/Page.tsx')),
});

const school = createRoute({
  getParentRoute: () => signedIn,
  path: '/school',
  component: lazyRouteComponent(() => import('@/features/school/Page.tsx')),
});

export const router = createRouter({
  routeTree: root.addChildren([signIn, link, setup, signedIn.addChildren([today, lesson, replay, school])]),
  context: { queryClient },
  defaultPreload: 'intent',
  defaultPendingMs: 300,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: PageFailure,
  defaultNotFoundComponent: NotFound,
});

/** A session that ends while a page is open (signed out elsewhere, expired) leads to the same place. */
queryClient.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated' || event.action.type !== 'error' || !isSignedOut(event.action.error)) return;
  if (event.query.queryKey[0] === 'me') return;
  queryClient.removeQueries({ queryKey: meQuery.queryKey });
  void router.invalidate();
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
